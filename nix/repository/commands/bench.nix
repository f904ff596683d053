# `./drydock bench`: the driver, with every contender of ../../../bench/contenders.toml that can
# be had; one that is not among these is in the results as absent.
{
  # The service, as shipped.
  app,
  crane,
  # The crates of the service, and those that it is measured with: a folder with cargo's
  # settings for them.
  benchCrates,
  # Has bin/drydock-bench.
  benchDriver,
  # Starts Flask.
  gunicorn,
  lib,
  nginx,
  pkgs,
  # ../../edge/substitutions.nix
  substitutions,
  # The source revision that the results name.
  revision,
  # What crane builds with, and for which Rust target triple.
  toolchain,
  target,
}:
let
  sourceOf =
    files:
    lib.fileset.toSource {
      root = ../../../bench;
      fileset = lib.fileset.unions (map (file: ../../../bench + "/${file}") files);
    };
  # Their release build, as cargo does it.
  servers = crane.mkCargoDerivation {
    src = "${sourceOf [ "servers" ]}/servers";
    pname = "bench-servers";
    version = "0.1.0";
    strictDeps = true;
    cargoArtifacts = null;
    doInstallCargoArtifacts = false;
    buildPhaseCargoCommand = "cargoWithProfile build --locked";
    installPhaseCommand = ''
      mkdir -p "$out/bin"
      find target/release -maxdepth 1 -type f -perm -100 -exec cp {} "$out/bin/" \;
    '';
  };
  go =
    pkgs.runCommand "bench-go"
      {
        nativeBuildInputs = [ pkgs.go ];
        CGO_ENABLED = "0";
      }
      ''
        export GOCACHE=$PWD/cache
        mkdir -p "$out/bin"
        go build -trimpath -o "$out/bin/bench-go" ${sourceOf [ "others/server.go" ]}/others/server.go
      '';
  # What the driver reads. Beside what stands in ../../../bench, it has the shipped configuration
  # with words in the places of this machine's, once as it is and once with an answer of
  # its own.
  folder = pkgs.runCommand "bench" { } ''
    cp -r ${
      sourceOf [
        "contenders.toml"
        "others"
      ]
    } "$out"
    chmod -R u+w "$out"
    cd "$out/others"
    mkdir edge
    cp -r ${
      lib.fileset.toSource {
        root = ../../../nginx;
        fileset = lib.fileset.fileFilter (file: file.hasExt "conf") ../../../nginx;
      }
    }/. edge
    chmod -R u+w edge
    ${substitutions.apply "edge" {
      upstream = "{upstream}";
      http = "unix:{scratch}/http";
      https = "127.0.0.1:{port}";
      health = "unix:{scratch}/health";
      tls = "{scratch}/";
      scratch = "{scratch}/";
    }}
    cp -r edge edge-alone
    substituteInPlace edge-alone/sites/https.conf --replace-fail 'proxy_pass http://app;' 'include {others}/answer.conf;'
  '';
in
pkgs.writeShellApplication {
  name = "drydock-bench";
  runtimeInputs = [
    app
    go
    gunicorn
    nginx
    pkgs.curl
    pkgs.docker-client
    pkgs.gnutar
    pkgs.gzip
    pkgs.nghttp2
    pkgs.nodejs
    pkgs.openssl
    pkgs.python314
    pkgs.stdenv.cc
    pkgs.valgrind
    servers
    toolchain
  ];
  text = ''
    case "''${1:-}" in
      building) shift ;;
      page) exec python3 ${./speed-page.py} "''${DRYDOCK_ROOT:-$PWD}" ;;
      *) exec ${lib.getExe' benchDriver "drydock-bench"} --bench ${folder} --commit ${revision} "$@" ;;
    esac
    root=$(realpath -- "''${DRYDOCK_ROOT:-$PWD}")
    [ -e "$root/flake.nix" ] || { echo "drydock-bench: error: there is no flake.nix in $root; go to the folder that has it" >&2; exit 1; }

    # Whatever happens, nothing of it stays: not in the engine, not on the disk. Store paths go
    # with the next garbage collection.
    scratch=$(mktemp -d)
    cached() { docker system df --verbose --format '{{range .BuildCache}}{{println .ID}}{{end}}' 2> /dev/null | sort; }
    cached > "$scratch/cached" || :
    clean() {
      all=(--all --quiet --filter)
      for filter in name=drydock-bench label=com.docker.compose.project=drydock-bench; do
        docker ps "''${all[@]}" "$filter" | xargs --no-run-if-empty docker rm --force
      done
      for kind in network volume; do
        docker "$kind" ls --quiet --filter label=com.docker.compose.project=drydock-bench | xargs --no-run-if-empty docker "$kind" rm
      done
      docker images --format '{{.Repository}}:{{.Tag}}' | { grep '^drydock-bench/' || :; } | xargs --no-run-if-empty docker rmi --force
      # What was replaced has lost its name. A layer goes once nothing is above it.
      for _ in 1 2 3 4 5 6 7 8; do
        for label in dev.drydock.bench org.opencontainers.image.title=drydock-bench/{app,nginx} org.opencontainers.image.title=drydock-bench/{1..20}/{grown,nginx}; do
          docker images --all --quiet --filter dangling=true --filter "label=$label"
        done | sort -u | xargs --no-run-if-empty --max-args 1 docker rmi
        cached | comm -13 "$scratch/cached" - | sed '/^$/d; s/^/id=/' |
          xargs --no-run-if-empty --max-args 1 docker builder prune --all --force --filter
      done
    }
    trap 'clean > /dev/null 2>&1 || :; chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    ${lib.getExe' benchDriver "drydock-bench"} building --commit ${revision} --source "$root" --scratch "$scratch" \
      --crates ${benchCrates}/config.toml --program ${toolchain} --program ${nginx} --target ${target} "$@"
  '';
}
