# The stack as Compose runs it: the text of compose.yaml, which is in this repository for its own
# service, and which `nix run .#compose` writes for another.
{
  lib,
  # ../description.nix
  description,
  repository,
  # By name: a scope of ../../stack.nix for each service behind the edge.
  services,
  # The edge's configuration, if it is in the working tree: compose.dev.yaml is there as well then.
  edgeFolder,
  # Of the last part of an image's name, what it is called in a registry, by digest; without it the
  # images are those that were loaded.
  reference ? null,
  # The folder of the seccomp profiles, from where this lies.
  profiles ? "./seccomp",
}:
let
  inherit (description) networks policy volumes;
  published = reference != null;
  lines = import ./lines.nix {
    inherit
      lib
      policy
      profiles
      published
      ;
    reference = if published then reference else name: "${repository}/${name}:latest";
  };
  secrets = builtins.concatLists (
    lib.mapAttrsToList (
      name: container:
      map (variable: "  ${lines.secretOf name variable}: { file: ./secrets/${name}/${variable} }\n") (
        builtins.attrNames container.secrets
      )
    ) description.containers
  );
  edge = import ./edge.nix { inherit description lib lines; };
  blockOf =
    service:
    import ./service.nix {
      inherit
        description
        lib
        lines
        service
        ;
    };
  own = [
    "tls"
    "acme"
    "errors"
  ];
  kept = builtins.filter (name: !(volumes.${name} ? memory)) (
    builtins.attrNames (removeAttrs volumes own)
  );
  # In memory, and shared by two containers.
  shared = builtins.filter (name: volumes.${name} ? memory) (
    builtins.attrNames (removeAttrs volumes own)
  );
in
''
  # The stack as in production: ${
    if published then "images of a registry, by digest." else "`docker compose up` after `docker load`."
  }
  ${
    if published then
      "# `docker compose up --detach --wait`, beside a folder nginx/tls, where a pair of one's own would be."
    else if edgeFolder != null then
      "# compose.dev.yaml adds the development loop. Neither gives the project a name: it is that of\n# the folder, so that two of them have two stacks."
    else
      "# The project is called after the folder, so that two of them have two stacks."
  }

  # What every service has in common: nothing that it does not need.
  x-policy: &policy
    ${
      if published then
        "pull_policy: missing # a digest never comes to mean another image"
      else
        "pull_policy: never # the images come from `docker load`; a registry might have others of that name"
    }
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    pids_limit: ${toString policy.pids} # the engine's own threads count too while it starts a health check
    ulimits: ${lines.pairs policy.ulimits} # no key and no request in a core dump
    restart: unless-stopped
    healthcheck: { interval: ${toString policy.interval}s } # what does not answer any more shows soon; costs 1.5 % of a CPU
    logging:
      driver: json-file
      options: { max-size: ${policy.log.size}, max-file: "${toString policy.log.files}" } # a busy service does not fill the disk

  services:
  ${edge.tls}
  ${lib.concatMapStrings blockOf (builtins.attrValues services)}${edge.network}${edge.nginx}${
    lib.optionalString (!published) "\n${edge.acme}"
  }
  networks:
    # nginx and the app, and no way out.
    backend:
      internal: true
      driver_opts:
        com.docker.network.bridge.inhibit_ipv4: "true" # the host has no address here, so that it cannot reach the app either
    # Where the published ports lead.
    edge: {}
  ${lib.optionalString (networks ? egress) "\n  # Where the service calls others.\n  egress: {}\n"}
  volumes:
    tls: {}
    acme: {}
  ${lib.concatMapStrings (name: "  ${name}: {}\n") kept}${
    lib.concatMapStrings (name: ''
      ${"  "}${name}:
      ${"    "}driver_opts:
      ${"      "}type: tmpfs
      ${"      "}device: tmpfs
      ${"      "}o: "${volumes.${name}.options}"
    '') shared
  }  errors:
      driver_opts: # in memory, and no more: what comes first of a trouble is kept
        type: tmpfs
        device: tmpfs
        o: "${volumes.errors.options}"
''
+
  lib.optionalString (secrets != [ ])
    "\nsecrets: # each in a file that its service's user may read\n${builtins.concatStringsSep "" secrets}"
