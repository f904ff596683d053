# A service of a stack file for Swarm.
{
  lib,
  # ../description.nix
  description,
  # Of the last part of an image's name, what it is called in a registry, by digest.
  reference,
  # Of a variable, what its secret is called.
  secretName,
  # The volume that the pair would be in: Swarm hands it over itself.
  pair,
  # Its name, and what is stated of it.
  name,
  container,
}:
let
  units = import ../units.nix;
  inherit (units) seconds;
  ownedBy = user: mode: {
    uid = toString user;
    gid = toString user;
    mode.octal = mode;
  };
  # How long a container may take until it is seen to have failed.
  failsIn =
    health:
    seconds health.StartPeriod
    + health.Retries * (description.policy.interval + seconds health.Timeout);

  isEdge = name == "nginx";
  # Its address is taken out of DNS as it is told to end, and the edge learns of that a moment later.
  environment = container.environment // container.noticing;
  grace = container.grace + (if container.noticing == { } then 0 else description.policy.notice);
  inherit (container) health;
  # Who has failed, and does not end when it is told to, is there until it is killed.
  monitor = "${toString (failsIn health + grace)}s";
  # A published port is the host's, and there once; so is what has data of its own.
  order = if isEdge || container.replicas.most == 1 then "stop-first" else "start-first";
in
{
  image = reference container.image;
  user = "${toString container.user}:${toString container.user}";
  read_only = container.readOnlyRoot;
  cap_drop = [ "ALL" ];
  inherit (container) ulimits networks;
  healthcheck = {
    test = map (builtins.replaceStrings [ "$" ] [ "$$" ]) health.Test;
    interval = "${toString description.policy.interval}s";
    timeout = "${toString (seconds health.Timeout)}s";
    start_period = "${toString (seconds health.StartPeriod)}s";
    retries = health.Retries;
  };
  stop_grace_period = "${toString grace}s";
  logging = {
    driver = "json-file";
    options = {
      max-size = container.log.size;
      max-file = toString container.log.files;
    };
  };
  volumes =
    map (mount: {
      type = "volume";
      source = mount.volume;
      target = mount.at;
      read_only = mount.readOnly;
    }) (builtins.filter (mount: mount.volume != pair) container.mounts)
    ++ lib.mapAttrsToList (folder: size: {
      type = "tmpfs";
      target = folder;
      tmpfs.size = units.bytes size;
    }) container.memoryFolders;
  deploy = {
    # Each replica has an address of its own, which nginx asks DNS for.
    endpoint_mode = "dnsrr";
    update_config = {
      parallelism = 1;
      inherit monitor order;
      failure_action = "rollback";
    };
    rollback_config = {
      parallelism = 1;
      inherit monitor order;
      failure_action = "pause";
    };
    restart_policy = {
      condition = "any";
      delay = "1s";
    };
    resources.limits = {
      cpus = "\${DRYDOCK_CPUS:-${toString (container.cpu / 100)}}";
      inherit (container) memory pids;
    };
  }
  // (
    if isEdge then
      {
        mode = "global";
        placement.constraints = [ "node.labels.edge != no" ];
      }
    else
      {
        replicas = container.replicas.least;
        placement.preferences = [ { spread = "node.id"; } ];
      }
  );
}
// lib.optionalAttrs (environment != { } || container.handedOn != [ ]) {
  environment = environment // lib.genAttrs container.handedOn (_: null);
}
// lib.optionalAttrs (container.arguments != [ ]) { command = container.arguments; }
// lib.optionalAttrs (container.signal != null) { stop_signal = container.signal; }
// lib.optionalAttrs (container.sysctls != { }) { inherit (container) sysctls; }
// lib.optionalAttrs (container.hostname) {
  hostname = "nginx-https-\${DRYDOCK_HTTPS_PORT:-443}";
}
// lib.optionalAttrs (container.ports != [ ]) {
  ports = map (
    {
      port,
      protocol,
      variable,
      ...
    }:
    {
      mode = "host";
      target = port;
      published = "\${${variable}:-${toString port}}";
      inherit protocol;
    }
  ) container.ports;
}
// lib.optionalAttrs isEdge {
  configs = [
    (
      ownedBy container.user "0444"
      // {
        source = "certificate";
        target = "/etc/nginx/tls/tls.crt";
      }
    )
  ];
}
// lib.optionalAttrs (isEdge || container.secrets != { }) {
  secrets =
    lib.optional isEdge (
      ownedBy container.user "0400"
      // {
        source = "key";
        target = "/etc/nginx/tls/tls.key";
      }
    )
    ++ lib.mapAttrsToList (
      variable: at:
      ownedBy container.user "0400"
      // {
        source = secretName variable;
        target = at;
      }
    ) container.secrets;
}
