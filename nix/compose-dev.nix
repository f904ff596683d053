# The edit loop as Compose runs it, on top of compose.yaml: the text of compose.dev.yaml, which is
# in this repository for its own service, and which `dev` brings along for another.
{
  lib,
  repository,
  # By name: a scope of ./stack.nix for each service behind the edge.
  services,
  # Of the first of them: ./commands/loop.nix, and whether it has a log of its requests.
  loop,
  onChassis,
  # The edge's configuration, if it is in the working tree: a path below that.
  edgeFolder,
}:
let
  all = builtins.attrValues services;
  isLoopback = service: service.listen == "loopback";
  loopback = builtins.any isLoopback all;
  # As a YAML string, in which Compose would take a dollar sign for a variable.
  text = value: builtins.toJSON (builtins.replaceStrings [ "$" ] [ "$$" ] value);
  lines = lib.concatMapStrings (line: "${line}\n");
  items = values: lines (map (value: "      - ${text value}") values);
  # Where the loop of a service takes requests.
  upstreamOf =
    service:
    "${
      if isLoopback service then "127.0.0.1" else service.serviceName
    }:${toString service.loop.listen}";
  blockOf =
    service:
    let
      inherit (service) loop;
      probe = import ./images/health-check.nix {
        inherit (service) ready;
        port = loop.listen;
      };
    in
    lines [
      "  ${service.serviceName}:"
      "    <<: *loop"
      "    user: \${DRYDOCK_UID:-1000}:\${DRYDOCK_GID:-1000} # whose files these are, so that what is built is theirs"
      "    command:"
    ]
    + items (
      [
        "--in=${lib.removeSuffix "/" "/src/${loop.crateFolder}"}"
        "--listen=${if isLoopback service then "127.0.0.1" else "0.0.0.0"}:${toString loop.listen}"
      ]
      # Of another host than this machine the edge is not asked by its address.
      ++
        lib.optional (service.host == "localhost")
          "--ask=https://${if isLoopback service then "127.0.0.1" else "nginx"}${service.basePath}"
      ++ loop.service
      ++ loop.notes {
        "Cargo.lock" = "crates that the image does not have come with ${loop.door}, started again";
      }
    )
    + lines (
      lib.optional (service.host == "localhost")
        "      - \"--url=https://localhost\${DRYDOCK_HTTPS_PORT:+:\${DRYDOCK_HTTPS_PORT:-}}${service.basePath}\""
      ++ [
        "    environment:"
        "      APP_AUTOSTART: # false: nothing is started, for `docker compose exec ${service.serviceName} …`"
        "      APP_TEST_ON_SAVE: # true: `cargo test` after each good build"
        "      CARGO_TERM_COLOR: # handed on when set"
      ]
      ++ lib.mapAttrsToList (name: value: "      ${name}: ${text value}") loop.variables
      ++ [
        # Its socket is for the loop alone, which is beside it.
        "    volumes:${lib.optionalString (service.socket != null) " !override"}"
        "      - .:/src:z"
      ]
      ++ lib.optionals (service.socket != null) (
        map (
          folder: "      - ${service.serviceName}${builtins.replaceStrings [ "/" ] [ "-" ] folder}:${folder}"
        ) (builtins.filter (folder: folder != "/tmp" && folder != dirOf service.socket) service.writable)
      )
      ++ [
        "    tmpfs: !override"
        "      - /tmp:size=512m,mode=1777,exec,nosuid,nodev # exec: examples in documentation are programs there"
        "${noPair} # instead of a key of yours, which is not for it"
        "    healthcheck:"
        "      test: ${builtins.toJSON probe.Test}"
        "      start_period: 15m # the first build has every dependency in it"
        "    pids_limit: 1024 # compilers"
        "    cpu_quota: 0 # all that there are"
        "    mem_limit: 4g"
        ""
      ]
    );
  edge =
    items (
      [ "--in=/src" ]
      ++ loop.configuration {
        tree = "/src";
        store = "/edge";
      }
      ++ loop.substitutionArguments (
        {
          upstream = upstreamOf services.app;
        }
        # The service has a line for each request, too.
        // lib.optionalAttrs onChassis { log = "/dev/null"; }
      )
      ++ builtins.concatMap (service: [
        "--substitute"
        "http/upstream-${service.serviceName}.conf"
        service.upstream
        (upstreamOf service)
      ]) (builtins.filter (service: service.serviceName != "app") all)
    )
    + lines (
      [
        "    depends_on: # it starts before the first build ends, and connections wait for that"
        "      tls: { condition: service_completed_successfully }"
      ]
      ++ map (service: "      ${service.serviceName}: { condition: service_started }") all
      ++ lib.optional (mounted != [ ]) "    volumes:"
      ++ mounted
    );
  mounted =
    map (folder: "      - ./${folder}:/src/${folder}:ro,z") (
      builtins.filter (folder: folder != null) [
        edgeFolder
        loop.ownEdge
      ]
    )
    ++ lib.optional (
      loop.assetsFolder != null
    ) "      - ./${loop.assetsFolder}:/var/www/assets/identity:ro,z";
  noPair = "      - /src/nginx/tls:size=4k,mode=0555,noexec,nosuid,nodev";
in
''
  # The edit-run loop, on top of compose.yaml: the service is built from this folder at each
  # save, and nginx takes each configuration that `nginx -t` accepts. `${loop.door}` starts it.
  # It has a project of its own: docker compose --project-name NAME-dev acts on that.

  x-loop: &loop
    image: ${repository}/dev:latest
    restart: "no" # whoever works on it sees it end
    security_opt: !override ["no-new-privileges:true"] # compilers call more than what ships
    stop_grace_period: 2s

  services:
    tls:
      image: ${repository}/dev:latest
  ${lib.optionalString loopback "  network:\n    image: ${repository}/dev:latest\n"}
  ${lib.concatMapStrings blockOf all}  nginx:
      <<: *loop
      user: "10002:10002" # as in its own image: its files have to be readable by everybody
      command:
  ${edge}    tmpfs: !override
        - /tmp:size=64m,mode=1777,noexec,nosuid,nodev
  ${
    lib.optionalString (edgeFolder != null) "${noPair} # it has its pair from `tls`\n"
  }    healthcheck:
        test: [CMD, /bin/probe, "http://127.0.0.1:8081/livez"]
''
