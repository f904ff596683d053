# The stack as Swarm runs it: what `docker stack deploy` takes.
{
  lib,
  # ../description.nix
  description,
  # Of the last part of an image's name, what it is called in a registry, by digest.
  reference,
  # The first part of the images' names.
  repository,
}:
let
  write = import ../yaml.nix { inherit lib; };
  inherit (description) containers volumes;
  # The pair is handed over as secrets are, so that there is nobody to do it; and nothing here shares
  # a network.
  running = removeAttrs containers [ "tls" ];
  inMemory = name: volumes.${name} ? memory;
  # nginx reads its pair where the volume would be.
  pair = "tls";
  prefix = builtins.replaceStrings [ "/" ] [ "-" ] repository;
  secretName = name: variable: "${name}-${lib.toLower variable}";
  secrets = lib.concatMapAttrs (
    name: container:
    lib.mapAttrs' (
      variable: _: lib.nameValuePair (secretName name variable) { external = true; }
    ) container.secrets
  ) running;
  # A thing that is changed gets another name: Swarm changes none.
  versioned = name: file: {
    name = "${prefix}-${name}-\${DRYDOCK_PAIR:-1}";
    inherit file;
  };
in
''
  # The stack for Swarm: docker stack deploy --with-registry-auth --compose-file swarm.yaml NAME
  # The pair is that of nginx/tls, beside this file; a renewed one is deployed with another DRYDOCK_PAIR.
  # A service starts its new replicas first; a failing update is taken back. The edge has the ports of
  # each node, one after the other, but of those with the label edge=no.
  # What Swarm has no word for is for each engine's daemon.json: "no-new-privileges": true.
  # An engine with one processor refuses two: DRYDOCK_CPUS=1.
''
+ write {
  version = "3.13";
  services = builtins.mapAttrs (
    name: container:
    import ./service.nix {
      inherit
        container
        description
        lib
        name
        pair
        reference
        ;
      secretName = secretName name;
    }
  ) running;
  networks = builtins.mapAttrs (_: network: {
    driver = "overlay";
    inherit (network) internal;
  }) description.networks;
  # Each node has its own.
  volumes = builtins.mapAttrs (
    name: volume:
    lib.optionalAttrs (inMemory name) {
      driver_opts = {
        type = "tmpfs";
        device = "tmpfs";
        o = volume.options;
      };
    }
  ) (removeAttrs volumes [ pair ]);
  configs.certificate = versioned "certificate" "./nginx/tls/localhost.crt";
  secrets = {
    key = versioned "key" "./nginx/tls/localhost.key";
  }
  // secrets;
}
