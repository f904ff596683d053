# What each container of the stack needs of whatever runs it, stated once: the renderings beside
# this file say it to Compose, Swarm, Kubernetes and Podman, each in its own words.
{
  lib,
  # By name: a scope of ../stack.nix for each service behind the edge.
  services,
  # The edge's configuration, if it is in the working tree.
  edgeFolder,
  # The setting of that name: see ../settings/rows.nix.
  edgeMetrics,
}:
let
  seccomp = import ./seccomp.nix { inherit lib; };
  policy = import ./policy.nix;
  edgeUser = (import ./users.nix).edge;
  volumes = import ./volumes.nix { inherit edgeUser lib services; };
  pair = import ./pair.nix {
    inherit edgeUser policy;
    inherit (volumes) mounted;
  };
  all = builtins.attrValues services;
  isLoopback = service: service.listen == "loopback";
  loopback = builtins.any isLoopback all;
  inherit (volumes) mounted;
  published = name: variable: port: protocol: {
    inherit
      name
      port
      protocol
      variable
      ;
  };

  # Of the container that clients come to.
  entrance = {
    networks = [ "edge" ] ++ lib.optional (!builtins.all isLoopback all) "backend";
    hostname = true;
    # Its user may listen below 1024: an engine other than Docker leaves that to root.
    sysctls."net.ipv4.ip_unprivileged_port_start" = 0;
    ports = [
      (published "http" "DRYDOCK_HTTP_PORT" 80 "tcp")
      (published "https" "DRYDOCK_HTTPS_PORT" 443 "tcp")
      (published "http3" "DRYDOCK_HTTPS_PORT" 443 "udp")
    ];
  };
in
{
  inherit policy;
  inherit (volumes) volumes;
  # By name, as engines read them.
  profiles =
    seccomp.profiles
    // lib.concatMapAttrs (
      name: service:
      lib.optionalAttrs (service.seccomp != null) {
        ${name} =
          if service.seccomp == "chassis" then seccomp.chassis else builtins.readFile service.seccomp;
      }
    ) services;

  inherit (pair) acme;
  networks = {
    # The edge and the services, and no way out.
    backend.internal = true;
    # Where the published ports lead.
    edge.internal = false;
  }
  // lib.optionalAttrs (builtins.any (service: service.egress && !isLoopback service) all) {
    # Where a service calls others.
    egress.internal = false;
  };

  containers = {
    inherit (pair) tls;

    nginx =
      policy
      // rec {
        image = "nginx";
        user = edgeUser;
        seccomp = "nginx";
        # Besides stderr, and in the place of the image's own -g.
        arguments = [
          "-g"
          "daemon off; error_log /var/log/nginx/error.log crit;"
        ];
        joins = if loopback then "network" else null;
        metrics = edgeMetrics;
        environment = lib.optionalAttrs (metrics != null) {
          DRYDOCK_METRICS_BIND = "0.0.0.0:${toString metrics}";
        };
        # Whom it believes what they say of a client's address: see docs/DEPLOY.md.
        handedOn = [
          "DRYDOCK_TRUSTED_PROXIES"
          "DRYDOCK_PROXY_PROTOCOL"
          "DRYDOCK_ACME"
        ]
        ++ lib.optional (metrics == null) "DRYDOCK_METRICS_BIND";
        after = {
          tls = "done";
        }
        // builtins.mapAttrs (_: _: "healthy") services;
        mounts = [
          (mounted true "tls" "/etc/nginx/tls")
          (mounted true "acme" "/var/www/acme")
          # Where no number of requests pushes a line out.
          (mounted false "errors" "/var/log/nginx")
        ]
        ++ map (
          service: mounted true (volumes.socketOf service) "/run/${service.serviceName}"
        ) volumes.withSocket;
        memoryFolders."/tmp" = "64m";
        health = alive;
        alive = import ../images/health-check.nix {
          port = 8081;
          ready = "/livez";
        };
        # Drains; SIGTERM would cut connections off.
        signal = "SIGQUIT";
        # nginx's worker_shutdown_timeout.
        drain = 25;
        grace = 30;
        # As many as worker_processes, in hundredths.
        cpu = 200;
        # ./compose/edge.nix says what both are made of.
        memory = "1152m";
        ulimits = policy.ulimits // {
          data = 436207616;
        };
        replicas = {
          least = 2;
          most = 10;
        };
      }
      // lib.optionalAttrs (!loopback) entrance;
  }
  // builtins.mapAttrs (
    _: service:
    import ./service.nix {
      inherit
        edgeFolder
        edgeUser
        lib
        service
        volumes
        ;
    }
  ) services
  // lib.optionalAttrs loopback {
    # Holds the network that a service and nginx share, so that each of them can start anew.
    network =
      policy
      // {
        image = "nginx";
        user = edgeUser;
        seccomp = "nginx";
        program = [ "/bin/probe" ];
        arguments = [ "--hold" ];
        # It has nothing in hand.
        signal = "SIGKILL";
        cpu = 10;
        memory = "32m";
      }
      // entrance;
  };
}
