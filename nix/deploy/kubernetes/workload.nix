# What makes one pod of the stack run, as often as it is needed.
{
  lib,
  name,
  labels,
  # ./pod.nix
  pod,
  # How many there may be of it, and at what use of processors more are wanted.
  replicas,
  cpu,
  # Volumes that outlive it.
  claims,
  # Of its Service: the ports, and what more there is.
  ports,
  service,
}:
let
  object =
    apiVersion: kind: name: more:
    {
      inherit apiVersion kind;
      metadata = { inherit labels name; };
    }
    // more;
  one = replicas.most == 1;
in
[
  (object "v1" "ServiceAccount" name { automountServiceAccountToken = false; })
  (object "apps/v1" "Deployment" name {
    spec = {
      selector.matchLabels = labels;
      progressDeadlineSeconds = 120;
      strategy =
        # What has data of its own ends before its successor starts.
        if claims != [ ] then
          { type = "Recreate"; }
        else
          {
            type = "RollingUpdate";
            rollingUpdate = {
              maxSurge = 1;
              maxUnavailable = 0;
            };
          };
      template = pod;
    }
    # Else the HorizontalPodAutoscaler says how many.
    // lib.optionalAttrs one { replicas = 1; };
  })
  (object "policy/v1" "PodDisruptionBudget" name {
    spec = {
      maxUnavailable = 1;
      selector.matchLabels = labels;
    };
  })
]
++ lib.optional (!one) (
  object "autoscaling/v2" "HorizontalPodAutoscaler" name {
    spec = {
      scaleTargetRef = {
        apiVersion = "apps/v1";
        kind = "Deployment";
        inherit name;
      };
      minReplicas = replicas.least;
      maxReplicas = replicas.most;
      metrics = [
        {
          type = "Resource";
          resource = {
            name = "cpu";
            target = {
              type = "AverageValue";
              averageValue = cpu;
            };
          };
        }
      ];
    };
  }
)
++ map (
  claim:
  object "v1" "PersistentVolumeClaim" claim {
    spec = {
      accessModes = [ "ReadWriteOnce" ];
      resources.requests.storage = "1Gi";
    };
  }
) claims
++ lib.optional (ports != [ ]) (
  object "v1" "Service" name {
    spec = {
      selector = labels;
      inherit ports;
    }
    // service;
  }
)
