# The stack as Compose runs it: the text of compose.yaml, which is in this repository for its own
# service, and which `nix run .#compose` writes for another.
{
  lib,
  repository,
  # By name: a scope of ./stack.nix for each service behind the edge.
  services,
  # The edge's configuration, if it is in the working tree: compose.dev.yaml is there as well then.
  edgeFolder,
}:
let
  all = builtins.attrValues services;
  isLoopback = service: service.listen == "loopback";
  loopback = builtins.any isLoopback all;
  # All but /tmp, which nothing outlives.
  keptOf =
    service:
    builtins.filter (folder: folder != "/tmp" && folder != socketFolder service) service.writable;
  socketFolder = service: if service.socket == null then null else dirOf service.socket;
  withSocket = builtins.filter (service: service.socket != null) all;
  # None of them is one of the edge's own, whatever the folder is called.
  volumeOf =
    service: folder: "${service.serviceName}${builtins.replaceStrings [ "/" ] [ "-" ] folder}";
  indented = lib.concatMapStrings (line: "    ${line}\n");
  blockOf =
    service:
    let
      inherit (service)
        egress
        memory
        onChassis
        writable
        ;
      loopback = isLoopback service;
      kept = keptOf service;
    in
    "  ${service.serviceName}:\n"
    + indented (
      [
        "<<: *policy"
        "image: ${repository}/${service.serviceName}:latest"
        "environment:"
      ]
      ++ (
        if onChassis then
          [
            "  # nginx's address is one of Docker's own pools; only nginx can reach the app."
            "  APP_TRUSTED_NETWORKS: 127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,::1/128,fc00::/7"
            "  APP_SHUTDOWN_SECONDS: 31 # a request that begins in its first second may take its whole time"
          ]
          # The reference service's own: another one refuses what it does not know.
          ++ lib.optional (edgeFolder != null) "  APP_IMAGE_DIGEST: # handed on when set"
          ++ [
            "  APP_LOG_FORMAT: # handed on when set"
            "  RUST_LOG: # likewise"
          ]
        else
          [ "  RUST_LOG: # handed on when set; the image has what its settings say" ]
      )
      ++ (
        if loopback then
          [
            "network_mode: service:network # it listens at 127.0.0.1, where nginx has to be, too"
          ]
        else
          [ "networks: [${builtins.concatStringsSep ", " ([ "backend" ] ++ lib.optional egress "egress")}]" ]
      )
      ++ lib.optional (
        service.socket != null
      ) "user: \"10002:10002\" # nginx's: a socket is for its owner alone"
      ++ lib.optional (kept != [ ] || service.socket != null) "volumes:"
      ++ map (folder: "  - ${volumeOf service folder}:${folder}") kept
      ++ lib.optional (service.socket != null) "  - ${service.serviceName}-socket:${socketFolder service}"
      ++ lib.optionals (builtins.elem "/tmp" writable && socketFolder service != "/tmp") [
        "tmpfs:"
        "  - /tmp:size=64m,mode=1777,noexec,nosuid,nodev"
      ]
      ++ (
        if onChassis then
          [
            "stop_grace_period: 35s # above APP_SHUTDOWN_SECONDS and APP_DRAIN_DELAY_SECONDS together"
          ]
        else
          [
            "stop_grace_period: 35s # what is in flight ends; actix-web gives it 30 s"
            "pids_limit: 1024 # threads: up to 512 that wait for files, and those of the workers"
          ]
      )
      ++ [
        "cpu_quota: 200000 # two CPUs in microseconds per 0.1 s: `cpus: 2` would not start on a machine with one"
        "mem_limit: ${memory}"
      ]
    )
    + "\n";
  # Of the container that clients come to.
  hostname = indented [
    "hostname: nginx-https-\${DRYDOCK_HTTPS_PORT:-443} # how nginx knows the port that it redirects to"
  ];
  published = indented [
    "ports: # in this form there can be no address beside the number: the redirect would not know it"
    "  - { published: \"\${DRYDOCK_HTTP_PORT:-80}\", target: 80, protocol: tcp }"
    "  - { published: \"\${DRYDOCK_HTTPS_PORT:-443}\", target: 443, protocol: tcp }"
    "  - { published: \"\${DRYDOCK_HTTPS_PORT:-443}\", target: 443, protocol: udp }"
    "deploy: # nothing but a number is taken here, which has no other effect: a range would be published, and the redirect lead nowhere"
    "  update_config: { parallelism: \"\${DRYDOCK_HTTPS_PORT:-443}\" }"
  ];
  network = lib.optionalString loopback (
    "  # Holds the network that the service and nginx share, so that each of them can start anew.\n"
    + "  network:\n"
    + indented [
      "<<: *policy"
      "image: ${repository}/nginx:latest"
      "entrypoint: [\"/bin/probe\"]"
      "command: [--hold]"
    ]
    + hostname
    + indented [ "networks: [edge${lib.optionalString (!builtins.all isLoopback all) ", backend"}]" ]
    + published
    + indented [
      "healthcheck: { disable: true } # it does nothing"
      "stop_signal: SIGKILL"
      "cpu_quota: 10000"
      "mem_limit: 32m"
    ]
    + "\n"
  );
  joined =
    if loopback then
      indented [ "network_mode: service:network" ]
    else
      indented [ "networks: [edge, backend]" ] + published;
  networks = lib.optionalString (builtins.any (
    service: service.egress && !isLoopback service
  ) all) "\n  # Where the service calls others.\n  egress: {}\n";
  volumes = lib.concatMapStrings (
    service: lib.concatMapStrings (folder: "  ${volumeOf service folder}: {}\n") (keptOf service)
  ) all;
  # In memory, and shared by the two.
  socketVolumes = lib.concatMapStrings (service: ''
    ${"  "}${service.serviceName}-socket:
    ${"    "}driver_opts:
    ${"      "}type: tmpfs
    ${"      "}device: tmpfs
    ${"      "}o: "size=64m,mode=1777,noexec,nosuid,nodev"
  '') withSocket;
  sockets = lib.concatMapStrings (
    service: "      - ${service.serviceName}-socket:/run/${service.serviceName}:ro\n"
  ) withSocket;
  healthy = lib.concatMapStrings (
    service: "      ${service.serviceName}: { condition: service_healthy }\n"
  ) all;
in
''
  # The stack as in production: `docker compose up` after `docker load`.
  ${
    if edgeFolder != null then
      "# compose.dev.yaml adds the development loop. Neither gives the project a name: it is that of\n# the folder, so that two of them have two stacks."
    else
      "# The project is called after the folder, so that two of them have two stacks."
  }

  # What every service has in common: nothing that it does not need.
  x-policy: &policy
    pull_policy: never # the images come from `docker load`; a registry might have others of that name
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    pids_limit: 64 # the engine's own threads count too while it starts a health check
    ulimits: { core: 0 } # no key and no request in a core dump
    restart: unless-stopped
    healthcheck: { interval: 2s } # what does not answer any more shows soon; costs 1.5 % of a CPU
    logging:
      driver: json-file
      options: { max-size: 10m, max-file: "3" } # a busy service does not fill the disk

  services:
    # Checks the pair in nginx/tls, or makes one for localhost, and ends.
    tls:
      <<: *policy
      image: ${repository}/nginx:latest
      entrypoint: ["/bin/keypair"]
      command: [--from, /from, --to, /etc/nginx/tls, --owner, "10002:10002"]
      user: "0:0" # with the two capabilities below: read a key whatever its owner, hand it to nginx's user
      cap_add: [DAC_READ_SEARCH, CHOWN]
      network_mode: none
      restart: "no"
      healthcheck: { disable: true } # the image's is nginx's
      volumes:
        - ./nginx/tls:/from:ro,z # z: SELinux lets the container read it
        - tls:/etc/nginx/tls # where nginx has it too, so that what keypair says of paths holds for both
      cpu_quota: 100000
      mem_limit: 32m

  ${lib.concatMapStrings blockOf all}${network}  nginx:
      <<: *policy
      image: ${repository}/nginx:latest
  ${lib.optionalString (!loopback) hostname}    depends_on:
        tls: { condition: service_completed_successfully }
  ${healthy}${joined}    volumes:
        - tls:/etc/nginx/tls:ro
        - acme:/var/www/acme:ro # an ACME client mounts the same volume and writes its challenges there
        - errors:/var/log/nginx # where no number of requests pushes a line out
  ${sockets}    command: [-g, "daemon off; error_log /var/log/nginx/error.log crit;"] # besides stderr, and in the place of the image's own -g
      tmpfs:
        - /tmp:size=64m,mode=0700,uid=10002,gid=10002,noexec,nosuid,nodev
      stop_signal: SIGQUIT # drain; SIGTERM would cut connections off
      stop_grace_period: 30s # above worker_shutdown_timeout
      cpu_quota: 200000 # as many CPUs as worker_processes
      # What clients may make nginx hold is bounded here, whatever they send. A worker that has as
      # much closes the connection that wants more, and is not killed. One client of each kind costs:
      # 27 KB idle over HTTP/1 or 2, and 70 KB over HTTP/3; 27 KB with half a head on port 80, 48 KB
      # with half a head or 49 KB with half a handshake on 443, 86 KB with half a handshake over QUIC;
      # 4.2 MB with all its streams of HTTP/2 in use, and 2.2 MB with those of HTTP/3.
      ulimits: { core: 0, data: 436207616 } # 416 MB a process
      # 2 workers at that bound, 832 MB; /tmp, 64 MB; the kernel's part of 2 × 8192 connections, 28 MB;
      # the zones of http/ and of TLS sessions, 24 MB; nginx itself and its master, 22 MB; errors, 4 MB.
      # These 974 MB are 85 % of the limit; the rest is for what the kernel keeps of unread bytes.
      mem_limit: 1152m

  networks:
    # nginx and the app, and no way out.
    backend:
      internal: true
      driver_opts:
        com.docker.network.bridge.inhibit_ipv4: "true" # the host has no address here, so that it cannot reach the app either
    # Where the published ports lead.
    edge: {}
  ${networks}
  volumes:
    tls: {}
    acme: {}
  ${volumes}${socketVolumes}  errors:
      driver_opts: # in memory, and no more: what comes first of a trouble is kept
        type: tmpfs
        device: tmpfs
        o: "size=4m,mode=0700,uid=10002,gid=10002,noexec,nosuid,nodev"
''
