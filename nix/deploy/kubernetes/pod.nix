# A pod: one container, or the edge with those that share its network or a folder with it.
{
  lib,
  # ../policy.nix
  policy,
  reference,
  # The pod's name, and its labels.
  name,
  labels,
  # What ../description.nix says of its containers, by name; of the one that runs before them; and of volumes.
  containers,
  before ? { },
  volumes,
}:
let
  units = import ../units.nix;
  all = builtins.attrValues containers;
  isEdge = containers ? nginx;
  inMemory = size: {
    emptyDir = {
      medium = "Memory";
      sizeLimit = units.kubernetes size;
    };
  };
  # What the pod has of a volume. The pair comes from a Secret; a challenge is answered by whoever
  # asks for certificates in the cluster.
  madeOf =
    volume:
    if volume == "tls" then
      inMemory "1m"
    else if volume == "acme" then
      null
    else if volumes.${volume} ? memory then
      inMemory volumes.${volume}.memory
    else
      { persistentVolumeClaim.claimName = volume; };
  volumeOf = volume: if madeOf volume == null then null else volume;
  used = lib.unique (
    builtins.filter (volume: madeOf volume != null) (
      builtins.concatMap (container: map (mount: mount.volume) container.mounts) all
    )
  );
  most = of: builtins.foldl' (most: one: if of one > most then of one else most) 0 all;
  user = (if isEdge then containers.nginx else builtins.head all).user;
  sysctls = lib.concatMapAttrs (_: container: container.sysctls) containers;
  render =
    name: container:
    import ./container.nix {
      inherit
        container
        lib
        name
        policy
        reference
        volumeOf
        ;
    };
in
{
  metadata.labels = labels;
  spec = {
    serviceAccountName = name;
    automountServiceAccountToken = false;
    # No variables about other services, which a service may take for settings of its own.
    enableServiceLinks = false;
    terminationGracePeriodSeconds = most (container: container.grace) + policy.notice;
    securityContext = {
      runAsNonRoot = true;
      runAsUser = user;
      runAsGroup = user;
      fsGroup = user;
      fsGroupChangePolicy = "OnRootMismatch";
      seccompProfile.type = "RuntimeDefault";
    }
    // lib.optionalAttrs (sysctls != { }) {
      sysctls = lib.mapAttrsToList (name: value: {
        inherit name;
        value = toString value;
      }) sysctls;
    };
    topologySpreadConstraints =
      map
        (topologyKey: {
          inherit topologyKey;
          maxSkew = 1;
          whenUnsatisfiable = "ScheduleAnyway";
          labelSelector.matchLabels = labels;
        })
        [
          "kubernetes.io/hostname"
          "topology.kubernetes.io/zone"
        ];
    containers = lib.mapAttrsToList render containers;
    volumes =
      map (volume: { name = volume; } // madeOf volume) used
      ++ builtins.concatLists (
        lib.mapAttrsToList (
          name: container:
          lib.mapAttrsToList (
            folder: size:
            { name = "${name}${builtins.replaceStrings [ "/" ] [ "-" ] folder}"; } // inMemory size
          ) container.memoryFolders
          ++ lib.optional (container.secrets != { }) {
            name = "${name}-secrets";
            secret = {
              secretName = name;
              # Of the pod's group.
              defaultMode.octal = "0440";
              items = lib.mapAttrsToList (key: at: {
                inherit key;
                path = baseNameOf at;
              }) container.secrets;
            };
          }
        ) containers
      )
      ++ lib.optional isEdge {
        name = "pair";
        secret = {
          secretName = "nginx-tls";
          defaultMode.octal = "0440";
          # As keypair calls them.
          items = [
            {
              key = "tls.crt";
              path = "localhost.crt";
            }
            {
              key = "tls.key";
              path = "localhost.key";
            }
          ];
        };
      };
  }
  // lib.optionalAttrs (builtins.any (container: container.hostname) all) {
    hostname = "nginx-https-443";
  }
  // lib.optionalAttrs (before != { }) {
    initContainers = lib.mapAttrsToList (
      name: container:
      let
        rendered = render name (container // { inherit user; });
      in
      rendered
      // {
        volumeMounts = rendered.volumeMounts ++ [
          {
            name = "pair";
            mountPath = "/from";
            readOnly = true;
          }
        ];
      }
    ) before;
  };
}
