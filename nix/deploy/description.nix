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
  all = builtins.attrValues services;
  isLoopback = service: service.listen == "loopback";
  loopback = builtins.any isLoopback all;
  mounted = readOnly: volume: at: { inherit at readOnly volume; };
  published = name: variable: port: protocol: {
    inherit
      name
      port
      protocol
      variable
      ;
  };

  # Where the account and the pair of an ACME client are: nginx's user may not look.
  renewed = "/etc/nginx/tls/acme";

  # What checks a pair, and puts it where nginx reads it.
  keeper = {
    program = [ "/bin/keypair" ];
    arguments = [
      "--from"
      "/from"
      "--renewed"
      renewed
      "--to"
      "/etc/nginx/tls"
      "--owner"
      "${toString edgeUser}:${toString edgeUser}"
    ];
    # With the two capabilities it reads a key whatever its owner, and hands it to nginx's user.
    user = 0;
    seccomp = "tls";
    capabilities = [
      "DAC_READ_SEARCH"
      "CHOWN"
    ];
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

  # Gets the pair by ACME, where that is asked for: only Compose has it, and with the images of this
  # machine alone, since it is none of those that are published.
  acme = policy // {
    image = "acme";
    # Where things are that are this machine's, if there are any.
    arguments = [
      "--state"
      renewed
      "--challenges"
      "/var/www/acme/.well-known/acme-challenge"
      "--ca"
      "/ca.crt"
      "--binding"
      "/binding"
    ]
    ++ keeper.program
    ++ keeper.arguments;
    inherit (keeper) capabilities user;
    seccomp = "acme";
    networks = [ "edge" ];
    egress = true;
    handedOn = [
      "DRYDOCK_ACME"
      "DRYDOCK_ACME_NAMES"
      "DRYDOCK_ACME_DIRECTORY"
      "DRYDOCK_ACME_PROFILE"
    ];
    after.nginx = "healthy";
    mounts = [
      (mounted false "tls" "/etc/nginx/tls")
      (mounted false "acme" "/var/www/acme")
    ];
    # What it writes is whole or not there.
    signal = "SIGKILL";
    cpu = 100;
    memory = "64m";
  };

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
    # Checks the pair, or makes one for localhost, and ends. Where the pair comes from is each
    # engine's own; it is at /from.
    tls = policy // {
      image = "nginx";
      inherit (keeper)
        arguments
        capabilities
        program
        seccomp
        user
        ;
      restarts = false;
      # Where nginx has it too, so that what keypair says of paths holds for both.
      mounts = [ (mounted false "tls" "/etc/nginx/tls") ];
      cpu = 100;
      memory = "32m";
    };

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
