# `./drydock bench`: the driver, with every contender of ../bench/contenders.toml that can
# be had; one that is not among these is in the results as absent.
{
  # The service, as shipped.
  app,
  crane,
  # Has bin/drydock-bench.
  driver,
  # Starts Flask.
  gunicorn,
  lib,
  nginx,
  pkgs,
  # The source revision that the results name.
  revision,
}:
let
  sourceOf =
    files:
    lib.fileset.toSource {
      root = ../bench;
      fileset = lib.fileset.unions (map (file: ../bench + "/${file}") files);
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
  # What the driver reads. Beside what stands in ../bench, it has the shipped configuration
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
        root = ../nginx;
        fileset = lib.fileset.fileFilter (file: file.hasExt "conf") ../nginx;
      }
    }/. edge
    chmod -R u+w edge
    substituteInPlace edge/http/temp-files.conf --replace-fail /tmp/ '{scratch}/'
    substituteInPlace edge/http/upstream.conf --replace-fail app:8000 '{upstream}'
    substituteInPlace edge/main/process.conf --replace-fail /tmp/nginx.pid '{scratch}/nginx.pid'
    substituteInPlace edge/server/tls.conf --replace-fail /etc/nginx/tls/ '{scratch}/'
    substituteInPlace edge/sites/health.conf --replace-fail 127.0.0.1:8081 'unix:{scratch}/health'
    substituteInPlace edge/sites/http.conf --replace-fail 'listen 80 ' 'listen unix:{scratch}/http '
    substituteInPlace edge/sites/https.conf --replace-fail 'listen 443 ' 'listen 127.0.0.1:{port} '
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
    pkgs.nghttp2
    pkgs.nodejs
    pkgs.openssl
    pkgs.valgrind
    servers
  ];
  text = ''
    exec ${lib.getExe' driver "drydock-bench"} --bench ${folder} --commit ${revision} \
      --root "''${DRYDOCK_ROOT:-$PWD}" "$@"
  '';
}
