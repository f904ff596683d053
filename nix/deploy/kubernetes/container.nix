# A container of a pod, by the Pod Security Standard "restricted".
{
  lib,
  # ../policy.nix
  policy,
  # Of the last part of an image's name, what it is called.
  reference,
  # Its name, and what ../description.nix says of it.
  name,
  container,
  # Of a volume's name, what the pod calls it; null where the pod has none of it.
  volumeOf,
}:
let
  units = import ../units.nix;
  inherit (container) health;
  within = command: { exec = { inherit command; }; };
  asked = test: within (builtins.tail test);
  # From without, where it listens at the pod's address and says by a status or a connection that it
  # is well; else by the probe, as every other engine does it.
  ready =
    if container.listens == null || container.ready == null then
      asked health.Test
    else if container.ready == "tcp" then
      { tcpSocket.port = container.listens; }
    else
      {
        httpGet = {
          path = container.ready;
          port = container.listens;
        };
      };
  # Whether it is alive at all: a busy one is.
  alive =
    if container.alive != null && container.listens != null then
      {
        httpGet = {
          path = container.alive.path;
          port = container.listens;
        };
      }
    else if container.alive != null then
      asked container.alive.Test
    else
      { tcpSocket.port = container.listens; };
  every = seconds: failures: {
    periodSeconds = seconds;
    timeoutSeconds = units.seconds health.Timeout;
    failureThreshold = failures;
  };
  start = units.seconds health.StartPeriod;
in
{
  inherit name;
  image = reference container.image;
  imagePullPolicy = "IfNotPresent";
  securityContext = {
    runAsNonRoot = true;
    runAsUser = container.user;
    runAsGroup = container.user;
    allowPrivilegeEscalation = false;
    readOnlyRootFilesystem = container.readOnlyRoot;
    capabilities.drop = [ "ALL" ];
  };
  # What is in memory counts as well.
  resources = {
    limits = {
      cpu = "${toString (container.cpu * 10)}m";
      memory = units.kubernetes container.memory;
    };
    # A twentieth of the processors, and all of the memory, so that a node has what it promises.
    requests = {
      cpu = "${toString (container.cpu / 2)}m";
      memory = units.kubernetes container.memory;
    };
  };
  volumeMounts =
    builtins.concatMap (
      mount:
      lib.optional (volumeOf mount.volume != null) {
        name = volumeOf mount.volume;
        mountPath = mount.at;
        inherit (mount) readOnly;
      }
    ) container.mounts
    ++ map (folder: {
      name = "${name}${builtins.replaceStrings [ "/" ] [ "-" ] folder}";
      mountPath = folder;
      readOnly = false;
    }) (builtins.attrNames container.memoryFolders)
    ++ lib.optional (container.secrets != { }) {
      name = "${name}-secrets";
      mountPath = "/run/secrets";
      readOnly = true;
    };
}
// lib.optionalAttrs (container.program != null) { command = container.program; }
// lib.optionalAttrs (container.arguments != [ ]) { args = container.arguments; }
// lib.optionalAttrs (container.environment != { } || container.handedOn != [ ]) {
  envFrom = [
    {
      configMapRef = {
        inherit name;
        optional = true;
      };
    }
  ];
}
// lib.optionalAttrs (health != null) (
  {
    startupProbe = ready // every 1 start;
    readinessProbe = ready // every policy.interval health.Retries;
    # While DNS and load balancers still send it requests, it takes them.
    lifecycle.preStop.sleep.seconds = policy.notice;
  }
  // lib.optionalAttrs (container.alive != null || container.listens != null) {
    livenessProbe = alive // every 10 6;
  }
)
// lib.optionalAttrs (container.ports != [ ] || container.listens or null != null) {
  ports =
    (
      if container.ports != [ ] then
        map (published: {
          name = published.name;
          containerPort = published.port;
          protocol = lib.toUpper published.protocol;
        }) container.ports
      else
        [
          {
            name = "service";
            containerPort = container.listens;
            protocol = "TCP";
          }
        ]
    )
    ++ lib.optional (container.metrics != null) {
      name = "metrics";
      containerPort = container.metrics;
      protocol = "TCP";
    };
}
