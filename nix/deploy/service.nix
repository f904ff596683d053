# What the container of a service needs, as its settings say.
{
  lib,
  # A scope of ../stack.nix.
  service,
  # ./volumes.nix
  volumes,
  # The user that the edge runs as.
  edgeUser,
  # The edge's configuration, if it is in the working tree.
  edgeFolder,
}:
let
  policy = import ./policy.nix;
  inherit (service)
    onChassis
    port
    socket
    startPeriod
    ;
  shares = service.listen == "loopback";
  probe =
    ready:
    import ../images/health-check.nix {
      inherit
        port
        ready
        socket
        startPeriod
        ;
    };
  # Two at the least where one may be taken away; what has data of its own is there once.
  replicas =
    if volumes.keptOf service == [ ] then
      {
        least = 2;
        most = 10;
      }
    else
      policy.replicas;
  secrets = lib.genAttrs service.secrets (variable: "/run/secrets/${variable}");
  # What depends on whose service it is.
  stated =
    if onChassis then
      rec {
        # A request that begins in its first second may take its whole time.
        drain = 31;
        noticing.APP_DRAIN_DELAY_SECONDS = toString policy.notice;
        environment = {
          # The edge's address is one of an engine's own pools; only the edge can reach the service.
          APP_TRUSTED_NETWORKS = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,::1/128,fc00::/7";
          APP_SHUTDOWN_SECONDS = toString drain;
        }
        // lib.optionalAttrs (service.metrics != null) {
          APP_METRICS_BIND = "0.0.0.0:${toString service.metrics}";
        };
        # The first is the reference service's own: another one refuses what it does not know.
        handedOn = lib.optional (edgeFolder != null) "APP_IMAGE_DIGEST" ++ [
          "APP_LOG_FORMAT"
          "RUST_LOG"
        ];
      }
    else
      {
        # actix-web's own.
        drain = 30;
        handedOn = [ "RUST_LOG" ];
        # Threads: up to 512 that wait for files, and those of the workers.
        pids = 1024;
      };
in
policy
// stated
// {
  # A program is told where the file of a secret is.
  environment =
    stated.environment or { }
    // lib.mapAttrs' (variable: at: lib.nameValuePair "${variable}_FILE" at) secrets;
  inherit secrets;
  inherit (service)
    egress
    memory
    metrics
    ready
    ;
  inherit replicas;
  image = service.serviceName;
  seccomp = if service.seccomp == null then null else service.serviceName;
  # A socket is for its owner alone.
  user = if socket == null then (import ./users.nix).service else edgeUser;
  # Two CPUs, in hundredths.
  cpu = 200;
  joins = if shares then "network" else null;
  networks = if shares then [ ] else [ "backend" ] ++ lib.optional service.egress "egress";
  mounts =
    map (folder: {
      volume = volumes.nameOf service folder;
      at = folder;
      readOnly = false;
    }) (volumes.keptOf service)
    ++ lib.optional (socket != null) {
      volume = volumes.socketOf service;
      at = volumes.socketFolder service;
      readOnly = false;
    };
  memoryFolders = lib.optionalAttrs (
    builtins.elem "/tmp" service.writable && volumes.socketFolder service != "/tmp"
  ) { "/tmp" = "64m"; };
  health = probe service.ready;
  # What says that it is alive, where that is another thing than to be ready.
  alive =
    if onChassis then
      {
        path = "/livez";
        inherit (probe "/livez") Test;
      }
    else
      null;
  # Where it is asked from without, if it can be.
  listens = if shares || socket != null then null else port;
  grace = 35;
}
