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
}:
let
  inherit (description) networks policy volumes;
  lines = import ./lines.nix {
    inherit lib;
    reference = name: "${repository}/${name}:latest";
  };
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
  # The stack as in production: `docker compose up` after `docker load`.
  ${
    if edgeFolder != null then
      "# compose.dev.yaml adds the development loop. Neither gives the project a name: it is that of\n# the folder, so that two of them have two stacks."
    else
      "# The project is called after the folder, so that two of them have two stacks."
  }

  # What every service has in common: nothing that it does not need.
  x-policy: &policy
    pull_policy: never # the images come from `docker load`; a registry might have others of that name
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
  ${lib.concatMapStrings blockOf (builtins.attrValues services)}${edge.network}${edge.nginx}
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
