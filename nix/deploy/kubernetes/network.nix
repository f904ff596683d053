# Who may talk to whom: nobody, but for what the stack needs.
{
  lib,
  # Labels of all pods, and of one by its name.
  common,
  labelsOf,
  # By the pods' names: { listens, calls, egress, metrics, published }.
  pods,
}:
let
  policy = name: selector: spec: {
    apiVersion = "networking.k8s.io/v1";
    kind = "NetworkPolicy";
    metadata = {
      inherit name;
      labels = common;
    };
    spec = {
      podSelector.matchLabels = selector;
      policyTypes = [
        "Ingress"
        "Egress"
      ];
    }
    // spec;
  };
  port = protocol: port: {
    inherit port;
    protocol = lib.toUpper protocol;
  };
  dns = {
    to = [
      {
        namespaceSelector.matchLabels."kubernetes.io/metadata.name" = "kube-system";
        podSelector.matchLabels.k8s-app = "kube-dns";
      }
    ];
    ports = [
      (port "udp" 53)
      (port "tcp" 53)
    ];
  };
  # As Prometheus' operator and its chart label it, in whichever namespace.
  prometheus = {
    namespaceSelector = { };
    podSelector.matchLabels."app.kubernetes.io/name" = "prometheus";
  };
  calledBy =
    name: builtins.filter (other: builtins.elem name pods.${other}.calls) (builtins.attrNames pods);
in
[ (policy "default-deny" common { }) ]
++ lib.mapAttrsToList (
  name: pod:
  policy name (labelsOf name) {
    ingress =
      lib.optional (pod.published != [ ]) {
        ports = map (published: port published.protocol published.port) pod.published;
      }
      ++ lib.optional (calledBy name != [ ]) {
        from = map (other: { podSelector.matchLabels = labelsOf other; }) (calledBy name);
        ports = [ (port "tcp" pod.listens) ];
      }
      ++ lib.optional (pod.metrics != [ ]) {
        from = [ prometheus ];
        ports = map (port "tcp") pod.metrics;
      };
    egress =
      if pod.egress then
        # Wherever it likes.
        [ { } ]
      else
        lib.optional (pod.calls != [ ]) dns
        ++ map (other: {
          to = [ { podSelector.matchLabels = labelsOf other; } ];
          ports = [ (port "tcp" pods.${other}.listens) ];
        }) pod.calls;
  }
) pods
