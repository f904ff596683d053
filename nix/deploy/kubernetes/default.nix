# The stack as Kubernetes runs it: a base for kustomize, as text by the files' names.
{
  lib,
  # ../description.nix
  description,
  # Of the last part of an image's name, what it is called, by digest.
  reference,
  # The first part of the images' names.
  repository,
}:
let
  inherit (description) containers policy volumes;
  write = import ../yaml.nix { inherit lib; };
  common."app.kubernetes.io/part-of" = builtins.replaceStrings [ "/" ] [ "-" ] repository;
  labelsOf = name: common // { "app.kubernetes.io/name" = name; };
  services = removeAttrs containers [
    "network"
    "nginx"
    "tls"
  ];
  socket = name: volumes.${"${name}-socket"} or null;
  # Those that nginx can only reach beside itself.
  beside = lib.concatMapAttrs (
    name: container: lib.optionalAttrs (container.listens == null) { ${name} = container; }
  ) services;
  alone = removeAttrs services (builtins.attrNames beside);
  # Where the network is the pod's, nobody has to hold it.
  entrance = builtins.intersectAttrs {
    hostname = null;
    ports = null;
    sysctls = null;
  } (containers.network or containers.nginx);
  pods = builtins.mapAttrs (name: container: { ${name} = container; }) alone // {
    nginx = beside // {
      nginx = containers.nginx // entrance;
    };
  };
  claimsOf =
    inside:
    builtins.filter (volume: !(volumes.${volume} ? memory) && volume != "tls" && volume != "acme") (
      lib.unique (
        builtins.concatMap (container: map (mount: mount.volume) container.mounts) (
          builtins.attrValues inside
        )
      )
    );
  # As many as each of them may be.
  replicasOf =
    inside:
    builtins.foldl' (
      least: one: if one.replicas.most < least.most then one.replicas else least
    ) (builtins.head (builtins.attrValues inside)).replicas (builtins.attrValues inside);
  published = port: {
    inherit (port) name port;
    protocol = lib.toUpper port.protocol;
    targetPort = port.name;
  };
  workloadOf =
    name: inside:
    let
      isEdge = inside ? nginx;
    in
    import ./workload.nix {
      inherit lib name;
      labels = labelsOf name;
      replicas = replicasOf inside;
      # Half of what it may take.
      cpu = "${toString (builtins.foldl' (sum: one: sum + one.cpu) 0 (builtins.attrValues inside) * 5)}m";
      claims = claimsOf inside;
      pod = import ./pod.nix (
        {
          inherit
            lib
            name
            policy
            reference
            volumes
            ;
          labels = labelsOf name;
          containers = inside;
        }
        // lib.optionalAttrs isEdge { before = { inherit (containers) tls; }; }
      );
      ports =
        if isEdge then
          map published inside.nginx.ports
        else
          [
            {
              name = "service";
              port = inside.${name}.listens;
              protocol = "TCP";
              targetPort = "service";
            }
          ];
      service =
        if isEdge then
          {
            type = "LoadBalancer";
            # Clients keep their addresses.
            externalTrafficPolicy = "Local";
          }
        else
          # Each pod has an address of its own, which nginx asks DNS for.
          { clusterIP = "None"; };
    };
  network = import ./network.nix {
    inherit common labelsOf lib;
    pods = builtins.mapAttrs (name: inside: {
      listens = if inside ? nginx then null else inside.${name}.listens;
      calls = lib.optionals (inside ? nginx) (builtins.attrNames alone);
      egress = builtins.any (container: container.egress) (builtins.attrValues inside);
      metrics = builtins.filter (port: port != null) (
        map (container: container.metrics) (builtins.attrValues inside)
      );
      published = inside.nginx.ports or [ ];
    }) pods;
  };
  documents = lib.concatMapStringsSep "---\n" write;
  files =
    lib.concatMapAttrs (name: inside: { "${name}.yaml" = documents (workloadOf name inside); }) pods
    // {
      "network.yaml" = documents network;
    };
  # Those that have one.
  profiled =
    name: container:
    lib.optional (container.seccomp != null) {
      inherit name;
      securityContext.seccompProfile = {
        type = "Localhost";
        localhostProfile = "${common."app.kubernetes.io/part-of"}/${container.seccomp}.json";
      };
    };
in
files
// {
  "kustomization.yaml" = ''
    # The stack for Kubernetes, by the Pod Security Standard "restricted": a base, on top of which
    # lies a kustomization of yours. That one has the namespace, the registry and the Secret:
    #
    #   namespace: web
    #   resources: [base]
    #   images: [{ name: ${repository}/nginx, newName: REGISTRY/PATH/nginx }]
    #   secretGenerator: [{ name: nginx-tls, type: kubernetes.io/tls, files: [tls.crt, tls.key] }]
    #
    # What else a service is told is merged into its ConfigMap (configMapGenerator, behavior: merge).
    # Kubernetes has no word for two of the limits: processes are the kubelet's podPidsLimit, and
    # what the kernel writes at a crash is the node's.
    # Where nodes have the seccomp profiles of ./seccomp in their kubelet's folder of these,
    # components: [base/seccomp] has the pods take them.
  ''
  + write {
    apiVersion = "kustomize.config.k8s.io/v1beta1";
    kind = "Kustomization";
    resources = builtins.attrNames files;
    configMapGenerator =
      lib.mapAttrsToList
        (name: container: {
          inherit name;
          literals = lib.mapAttrsToList (variable: value: "${variable}=${value}") container.environment;
        })
        (
          lib.concatMapAttrs (
            name: container: lib.optionalAttrs (container.environment != { }) { ${name} = container; }
          ) services
        );
  };
  "seccomp/kustomization.yaml" = ''
    # A component: the pods have the profiles beside it, which each node has to have below
    # /var/lib/kubelet/seccomp/${common."app.kubernetes.io/part-of"}, or no container starts.
  ''
  + write {
    apiVersion = "kustomize.config.k8s.io/v1alpha1";
    kind = "Component";
    patches = builtins.concatLists (
      lib.mapAttrsToList (
        name: inside:
        let
          those = builtins.concatLists (lib.mapAttrsToList profiled inside);
        in
        lib.optional (those != [ ]) {
          patch = builtins.toJSON {
            apiVersion = "apps/v1";
            kind = "Deployment";
            metadata = { inherit name; };
            spec.template.spec = {
              containers = those;
            }
            // lib.optionalAttrs (inside ? nginx) { initContainers = profiled "tls" containers.tls; };
          };
        }
      ) pods
    );
  };
}
