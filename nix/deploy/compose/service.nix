# A service's container, as compose.yaml has it.
{
  lib,
  # ./lines.nix
  lines,
  # ../description.nix
  description,
  # A scope of ../../stack.nix.
  service,
}:
let
  container = description.containers.${service.serviceName};
  inherit (container) environment;
  inherit (service) onChassis;
  others = builtins.filter (variable: variable != "RUST_LOG") container.handedOn;
in
"  ${service.serviceName}:\n"
+ lines.indented (
  [
    "<<: *policy"
    (lines.image container)
  ]
  ++ lib.optional (container.seccomp != null) (lines.seccomp container)
  ++ lines.health container
  ++ [
    "environment:"
  ]
  ++ lib.optionals onChassis [
    "  # nginx's address is one of Docker's own pools; only nginx can reach the app."
    "  APP_TRUSTED_NETWORKS: ${environment.APP_TRUSTED_NETWORKS}"
    "  APP_SHUTDOWN_SECONDS: ${environment.APP_SHUTDOWN_SECONDS} # a request that begins in its first second may take its whole time"
  ]
  ++ lib.optional (
    environment ? APP_METRICS_BIND
  ) "  APP_METRICS_BIND: ${environment.APP_METRICS_BIND} # for a Prometheus in the network backend"
  ++ lib.mapAttrsToList (variable: at: "  ${variable}_FILE: ${at}") container.secrets
  ++ map (variable: "  ${variable}: # handed on when set") others
  ++ [
    "  RUST_LOG: # ${
        if onChassis then "likewise" else "handed on when set; the image has what its settings say"
      }"
  ]
  ++ (
    if container.joins != null then
      [
        "network_mode: service:${container.joins} # it listens at 127.0.0.1, where nginx has to be, too"
      ]
    else
      [ (lines.networks container) ]
  )
  ++ lib.optional (
    service.socket != null
  ) "${lines.user container} # nginx's: a socket is for its owner alone"
  ++ lines.secrets service.serviceName container
  ++ lib.optional (container.mounts != [ ]) "volumes:"
  ++ map lines.mount container.mounts
  ++ lib.optional (container.memoryFolders != { }) "tmpfs:"
  ++ lines.memoryFolders container
  ++ [
    "${lines.grace container} # ${
      if onChassis then
        "above APP_SHUTDOWN_SECONDS and APP_DRAIN_DELAY_SECONDS together"
      else
        "what is in flight ends; actix-web gives it ${toString container.drain} s"
    }"
  ]
  ++
    lib.optional (container.pids != description.policy.pids)
      "pids_limit: ${toString container.pids} # threads: up to 512 that wait for files, and those of the workers"
  ++ [
    "${lines.cpu container} # two CPUs in microseconds per 0.1 s: `cpus: 2` would not start on a machine with one"
    (lines.memory container)
  ]
)
+ "\n"
