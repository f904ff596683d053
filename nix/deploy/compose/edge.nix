# The edge's containers, as compose.yaml has them: the keeper of its pair, what holds its network
# where a service shares that, and itself.
{
  lib,
  # ./lines.nix
  lines,
  # ../description.nix
  description,
}:
let
  inherit (description) acme;
  inherit (description.containers) nginx tls;
  network = description.containers.network or null;
  inherit (lines) indented;

  # Of the container that clients come to.
  hostname = indented [
    "hostname: nginx-https-\${DRYDOCK_HTTPS_PORT:-443} # how nginx knows the port that it redirects to"
  ];
  portsOf =
    container:
    indented (
      [
        "ports: # an address stands by itself: of one beside a number the redirect would not know"
      ]
      ++ map (
        {
          port,
          protocol,
          variable,
          ...
        }:
        "  - \"\${DRYDOCK_ADDRESS:+\${DRYDOCK_ADDRESS:-}:}\${${variable}:-${toString port}}:${toString port}/${protocol}\""
      ) container.ports
      ++ [
        "deploy: # nothing but a number is taken here, which has no other effect: a range would be published, and the redirect lead nowhere"
        "  update_config: { parallelism: \"\${DRYDOCK_HTTPS_PORT:-443}\" }"
        "  rollback_config: { parallelism: \"\${DRYDOCK_HTTP_PORT:-80}\" }"
        "${lines.sysctls container} # what Docker does by itself: nginx, which is not root, listens at 80 and 443"
      ]
    );
  conditions = {
    done = "service_completed_successfully";
    healthy = "service_healthy";
  };
  # The pair before the services.
  after = name: "  ${name}: { condition: ${conditions.${nginx.after.${name}}} }";
  why = {
    acme = " # where challenges are answered: an ACME client mounts the same volume";
    errors = " # where no number of requests pushes a line out";
  };
in
{
  tls = ''
    ${"  "}# Checks the pair in nginx/tls, or makes one for localhost, and ends.
    ${"  "}tls:
  ''
  + indented (
    [
      "<<: *policy"
      (lines.image tls)
      (lines.seccomp tls)
      "entrypoint: ${builtins.toJSON tls.program}"
      "command: ${lines.list tls.arguments}"
      "${lines.user tls} # with the two capabilities below: read a key whatever its owner, hand it to nginx's user"
      "cap_add: ${lines.list tls.capabilities}"
      "network_mode: none"
      "restart: \"no\""
      "healthcheck: { disable: true } # the image's is nginx's"
      "volumes:"
      "  - ./nginx/tls:/from:ro,z # z: SELinux lets the container read it"
    ]
    ++ map (
      mount:
      "${lines.mount mount} # where nginx has it too, so that what keypair says of paths holds for both"
    ) tls.mounts
    ++ [
      (lines.cpu tls)
      (lines.memory tls)
    ]
  );

  network = lib.optionalString (network != null) (
    "  # Holds the network that the service and nginx share, so that each of them can start anew.\n"
    + "  network:\n"
    + indented [
      "<<: *policy"
      (lines.image network)
      (lines.seccomp network)
      "entrypoint: ${builtins.toJSON network.program}"
      "command: ${lines.list network.arguments}"
    ]
    + hostname
    + indented [ (lines.networks network) ]
    + portsOf network
    + indented [
      "healthcheck: { disable: true } # it does nothing"
      "stop_signal: ${network.signal}"
      (lines.cpu network)
      (lines.memory network)
    ]
    + "\n"
  );

  nginx =
    "  nginx:\n"
    + indented [
      "<<: *policy"
      (lines.image nginx)
      (lines.seccomp nginx)
    ]
    + lib.optionalString nginx.hostname hostname
    + indented (
      lines.health nginx
      ++ [
        "environment: # who may say what a client's address is, whether somebody renews the certificate, and where metrics are"
      ]
      ++ lib.mapAttrsToList (
        variable: value: "  ${variable}: ${value} # for a Prometheus in one of the networks"
      ) nginx.environment
      ++ map (variable: "  ${variable}: # handed on when set") nginx.handedOn
      ++ [ "depends_on:" ]
      ++ map after ([ "tls" ] ++ builtins.attrNames (removeAttrs nginx.after [ "tls" ]))
    )
    + (
      if nginx.joins != null then
        indented [ "network_mode: service:${nginx.joins}" ]
      else
        indented [ (lines.networks nginx) ] + portsOf nginx
    )
    + indented (
      [ "volumes:" ]
      ++ map (mount: "${lines.mount mount}${why.${mount.volume} or ""}") nginx.mounts
      ++ [
        "command: ${lines.list nginx.arguments} # besides stderr, and in the place of the image's own -g"
        "tmpfs:"
      ]
      ++ map (line: "${line} # nobody else is in here") (lines.memoryFolders nginx)
      ++ [
        "stop_signal: ${nginx.signal} # drain; SIGTERM would cut connections off"
        "${lines.grace nginx} # above worker_shutdown_timeout"
        "${lines.cpu nginx} # as many CPUs as worker_processes"
        "# What clients may make nginx hold is bounded here, whatever they send. A worker that has as"
        "# much closes the connection that wants more, and is not killed. One client of each kind costs:"
        "# 27 KB idle over HTTP/1 or 2, and 70 KB over HTTP/3; 27 KB with half a head on port 80, 48 KB"
        "# with half a head or 49 KB with half a handshake on 443, 86 KB with half a handshake over QUIC;"
        "# 4.2 MB with all its streams of HTTP/2 in use, and 2.2 MB with those of HTTP/3."
        "ulimits: ${lines.pairs nginx.ulimits} # 416 MB a process"
        "# 2 workers at that bound, 832 MB; /tmp, 64 MB; the kernel's part of 2 × 8192 connections, 28 MB;"
        "# the zones of http/ and of TLS sessions, 24 MB; nginx itself and its master, 22 MB; errors, 4 MB."
        "# These 974 MB are 85 % of the limit; the rest is for what the kernel keeps of unread bytes."
        (lines.memory nginx)
      ]
    );

  acme =
    "  # Gets the certificate by ACME where DRYDOCK_ACME is set; else there is no container of it.\n"
    + "  acme:\n"
    + indented (
      [
        "<<: *policy"
        (lines.image acme)
        (lines.seccomp acme)
        "scale: 0\${DRYDOCK_ACME:+1} # 0 or 01"
        "command: ${lines.list acme.arguments}"
        "${lines.user acme} # with the two capabilities of `tls`"
        "cap_add: ${lines.list acme.capabilities}"
        "environment:"
      ]
      ++ map (variable: "  ${variable}: # handed on when set") acme.handedOn
      ++ [
        "depends_on:"
        "  nginx: { condition: ${conditions.${acme.after.nginx}} }"
        (lines.networks acme)
        "healthcheck: { test: [CMD, /bin/acme, --help], interval: 1h, start_period: 10s, start_interval: 1s } # it serves nobody; `up --wait` refuses one that has none"
        "volumes:"
        "  - ./nginx/tls:/from:ro,z # a pair of your own comes first"
        "  - \${DRYDOCK_ACME_CA:-/dev/null}:/ca.crt:ro # whom the authority's server is trusted by, in the place of Mozilla's list"
        "  - \${DRYDOCK_ACME_BINDING:-/dev/null}:/binding:ro # of an account elsewhere"
      ]
      ++ map lines.mount acme.mounts
      ++ [
        "stop_signal: ${acme.signal} # what it writes is whole or not there"
        (lines.cpu acme)
        (lines.memory acme)
      ]
    );
}
