# What `podman run` is told of a container, besides what a unit and a NixOS module have words for in
# every version: https://docs.podman.io/en/latest/markdown/podman-run.1.html
{ lib, description }:
let
  inherit (description) policy;
  units = import ../units.nix;
  seconds = nanoseconds: "${toString (units.seconds nanoseconds)}s";
in
name: container:
let
  inherit (container) health;
in
[
  "--memory=${container.memory}"
  # As Docker has it: a machine with one processor takes it as well.
  "--cpu-quota=${toString (container.cpu * 1000)}"
  "--pids-limit=${toString container.pids}"
  "--stop-timeout=${toString container.grace}"
]
++ lib.mapAttrsToList (limit: value: "--ulimit=${limit}=${toString value}") container.ulimits
++ lib.mapAttrsToList (
  folder: size: "--tmpfs=${folder}:${units.inMemory size}"
) container.memoryFolders
++ lib.mapAttrsToList (name: value: "--sysctl=${name}=${toString value}") container.sysctls
++ lib.optional (container.signal != null) "--stop-signal=${container.signal}"
++ lib.optional container.hostname "--hostname=nginx-https-443"
# Others find it by the name that it has everywhere.
++ lib.optional (container.networks != [ ]) "--network-alias=${name}"
++ lib.optional (container.program != null) "--entrypoint=${builtins.toJSON container.program}"
# That of an image is not in its configuration as a registry has it.
++ (
  if health == null then
    [ "--health-cmd=none" ]
  else
    [
      # Without the word CMD, which newer ones put before it themselves, and older ones need not have.
      "--health-cmd=${builtins.toJSON (builtins.tail health.Test)}"
      "--health-interval=${toString policy.interval}s"
      "--health-timeout=${seconds health.Timeout}"
      "--health-start-period=${seconds health.StartPeriod}"
      "--health-retries=${toString health.Retries}"
    ]
)
