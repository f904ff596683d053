# A NixOS module that runs the stack with Podman, through virtualisation.oci-containers:
#
#   imports = [ (import ./nixos.nix { registry = "REGISTRY/PATH"; }) ];
#
# The pair is read as systemd's credentials localhost.crt and localhost.key, from /etc/credstore for
# example; without one, localhost gets a pair.
{
  # Where the images were published.
  registry,
  # What runs, and with what; beside this file.
  stack ? builtins.fromJSON (builtins.readFile ./stack.json),
  # A folder with the seccomp profiles, likewise.
  profiles ? ./seccomp,
}:
{
  config,
  lib,
  ...
}:
let
  podman = lib.getExe config.virtualisation.podman.package;
  named =
    container:
    removeAttrs container [
      "after"
      "seccomp"
    ]
    // {
      image = "${registry}/${container.image}";
      extraOptions =
        container.extraOptions
        ++
          lib.optional (container.seccomp != null)
            "--security-opt=seccomp=${profiles + "/${container.seccomp}.json"}";
    };
  once = description: script: {
    inherit description script;
    wantedBy = [ "multi-user.target" ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
  };
  made =
    kind: things:
    lib.mapAttrs' (
      name: arguments:
      lib.nameValuePair "${name}-${kind}" (
        once "the ${kind} ${name}" "exec ${podman} ${kind} create --ignore ${
          lib.escapeShellArgs (arguments ++ [ name ])
        }"
      )
    ) things;
  services = kind: things: map (name: "${name}-${kind}.service") (builtins.attrNames things);
  before = services "network" stack.networks ++ services "volume" stack.volumes;
  keeper = "${stack.prefix}-tls";
  tls = named stack.tls;
in
{
  virtualisation.oci-containers = {
    backend = "podman";
    containers = builtins.mapAttrs (_: named) stack.containers;
  };
  systemd.services =
    made "network" stack.networks
    // made "volume" stack.volumes
    // {
      ${keeper} =
        once "the keeper of the pair" ''
          exec ${podman} run --rm --replace --name=${keeper} ${
            lib.escapeShellArgs (
              [ "--user=${tls.user}" ]
              ++ map (network: "--network=${network}") tls.networks
              ++ [ "--cap-drop=ALL" ]
              ++ map (capability: "--cap-add=${capability}") (
                builtins.filter (capability: tls.capabilities.${capability}) (builtins.attrNames tls.capabilities)
              )
              ++ map (volume: "--volume=${volume}") tls.volumes
              ++ tls.extraOptions
            )
          } --volume="$CREDENTIALS_DIRECTORY:/from:ro" ${lib.escapeShellArgs ([ tls.image ] ++ tls.cmd)}
        ''
        // {
          requires = before;
          after = before ++ [ "network-online.target" ];
          wants = [ "network-online.target" ];
          # Podman could not start it, as before there is a network; what it refuses itself is final.
          startLimitIntervalSec = 0;
          serviceConfig = {
            Type = "oneshot";
            RemainAfterExit = true;
            RestartForceExitStatus = 125;
            RestartSec = 2;
            LoadCredential = [
              "localhost.crt"
              "localhost.key"
            ];
          };
        };
    }
    // builtins.listToAttrs (
      map (
        name:
        let
          # Without a pair or a service it is started until they are there.
          wants = [
            "${keeper}.service"
          ]
          ++ map (other: "podman-${other}.service") stack.containers.${name}.after;
        in
        lib.nameValuePair "podman-${name}" {
          requires = before;
          inherit wants;
          after = before ++ wants;
          startLimitIntervalSec = 0;
          serviceConfig.RestartSec = 2;
        }
      ) (builtins.attrNames stack.containers)
    );
}
