# What `./drydock up`, `down`, `reload-tls` and `test` hand over to, as apps of the flake.
{
  pkgs,
  # The archive of all images, and of each alone, by its name.
  image,
  images,
  # The name of the service's own.
  serviceImage,
  containerTests,
  # Has bin/drydock-affected.
  affected,
  # Has bin/drydock-affected-test.
  affectedTest,
  # Has bin/drydock-bench.
  bench,
  # Has bin/drydock-publish.
  publish,
  # Has bin/drydock-verify.
  verify,
  # The archive of the image that the edit-run loop runs in, its name, and the loop without
  # containers.
  imageDev,
  devImage,
  devHost,
  # The service's crates, as a folder with cargo's settings for them.
  crates,
  # Has bin/drydock-goss.
  goss,
  # The TLS scanner, which nixpkgs does not have.
  sslyze,
  # Has axe.min.js, which the browser runs on the page.
  axeCore,
}:
let
  inherit (pkgs) lib;

  # Compose is called by its own name, so that no CLI plug-in has to be installed.
  stackTools = [
    pkgs.curl
    pkgs.docker-client
    pkgs.docker-compose
  ];
  # What the tests look with besides: a browser, handshakes, the layers of an image,
  # and the forms of an asset.
  testTools = [
    pkgs.brotli
    pkgs.chromedriver
    pkgs.chromium
    pkgs.gnutar
    pkgs.gnutls
    pkgs.gzip
    pkgs.openssl
    pkgs.testssl
    sslyze
    pkgs.zstd
  ];
  # The folder of compose.yaml: the front door sets it, elsewhere it is the current one.
  inFolder = ''
    export DRYDOCK_ROOT="''${DRYDOCK_ROOT:-$PWD}"
    [ -e "$DRYDOCK_ROOT/compose.yaml" ] || {
      echo "drydock: error: there is no compose.yaml in $DRYDOCK_ROOT; go to the folder that has it" >&2
      exit 1
    }
    cd "$DRYDOCK_ROOT"
  '';
  load = "docker load --quiet --input ${image} >&2";
  # What the engine calls the image of an archive.
  idOf =
    archive:
    pkgs.runCommand "image-id"
      {
        nativeBuildInputs = [
          pkgs.gnutar
          pkgs.jq
        ];
      }
      ''
        config=$(tar -xOf ${archive} manifest.json | jq -r '.[0].Config')
        printf 'sha256:%s' "$(basename "$config" .json)" > "$out"
      '';
  # An engine that has it is left alone: after an edit, most of what is loaded is as it was.
  loadUnlessThere = name: archive: ''
    [ "$(docker image inspect --format '{{.Id}}' ${name}:latest 2>/dev/null)" = "$(cat ${idOf archive})" ] ||
      docker load --quiet --input ${archive} >&2
  '';
  # Not the archive of all, which would have to be made of these first.
  loadEach = lib.concatLines (lib.mapAttrsToList loadUnlessThere images);
  script =
    name: tools: text:
    pkgs.writeShellApplication {
      name = "drydock-${name}";
      runtimeInputs = stackTools ++ tools;
      text = inFolder + text;
    };
  app = description: program: {
    type = "app";
    program = lib.getExe program;
    meta = { inherit description; };
  };
  command =
    name: description: tools: text:
    app description (script name tools text);

  reloadTls = script "reload-tls" [ pkgs.openssl ] ''
    fail() { echo "drydock: error: $1" >&2; exit 1; }
    [ -n "$(docker-compose ps --status running --quiet nginx)" ] ||
      fail "nginx does not run; ./drydock up starts it, with the pair in nginx/tls"

    # The certificate that a new connection gets; empty where none is made.
    port=''${DRYDOCK_HTTPS_PORT:-443}
    served() {
      timeout 5 openssl s_client -connect "localhost:$port" -servername localhost </dev/null 2>/dev/null |
        openssl x509 2>/dev/null || true
    }
    before=$(served)

    # keypair itself says what it did, or what is wrong with the pair.
    docker-compose run --rm --no-deps -T tls >&2 ||
      fail "nothing was changed, and nginx serves the certificate that it had"

    # From inside, and not by `docker kill`: after that some engines take the
    # container for stopped by hand and would not start it again after a crash.
    container=$(docker-compose ps --quiet nginx)
    mapfile -t nginx < <(docker inspect --format '{{join .Config.Entrypoint "\n"}}' "$container")
    docker exec "$container" "''${nginx[@]}" -s reload >&2 ||
      fail "nginx did not take the new pair, and serves the certificate that it had"

    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    docker cp "$container:/etc/nginx/tls/tls.crt" "$folder/tls.crt" >/dev/null
    wanted=$(openssl x509 -in "$folder/tls.crt")
    tries=0
    until [ "$(served)" = "$wanted" ]; do
      tries=$((tries + 1))
      [ "$tries" -le 50 ] ||
        fail "the new certificate is not served on port $port after $tries tries; docker compose logs nginx may say why"
      sleep 0.2
    done
    which=new
    [ "$before" != "$wanted" ] || which=same
    expires=$(openssl x509 -in "$folder/tls.crt" -noout -enddate)
    echo "drydock: the $which certificate is served (expires ''${expires#*=})" >&2
  '';

  dev = script "dev" [ ] ''
    ${loadUnlessThere devImage imageDev}
    export COMPOSE_FILE=compose.yaml:compose.dev.yaml
    DRYDOCK_UID=''${DRYDOCK_UID:-$(id -u)} DRYDOCK_GID=''${DRYDOCK_GID:-$(id -g)}
    export DRYDOCK_UID DRYDOCK_GID
    # A group of its own, so that Ctrl-C comes here alone: Compose would ask the containers
    # to end one after the other, and leave them.
    set -m
    docker-compose up --force-recreate --remove-orphans </dev/null &
    stop() {
      trap "" INT TERM HUP
      # Nothing in there is worth waiting for.
      docker-compose down --remove-orphans --timeout 0 >/dev/null 2>&1 || status=1
    }
    status=0
    trap 'stop; exit "$status"' INT TERM HUP
    wait "$!" || status=$?
    stop
    exit "$status"
  '';
in
{
  up = command "up" "load the images, start the stack and show its answer" [ ] ''
    ${loadEach}
    # No image can hold its own digest.
    APP_IMAGE_DIGEST=$(docker image inspect --format '{{.Id}}' ${serviceImage})
    export APP_IMAGE_DIGEST
    docker-compose up --detach --wait --wait-timeout 120 nginx >&2 || {
      docker-compose logs --tail 20 >&2
      echo "drydock: error: the stack did not start; the lines above say why" >&2
      echo "drydock: DRYDOCK_HTTP_PORT and DRYDOCK_HTTPS_PORT move its ports, if one is taken" >&2
      exit 1
    }
    # The development CA is there unless the user gave a pair of their own, which
    # need not be one that this machine trusts.
    ca=$(mktemp)
    trap 'rm -f "$ca"' EXIT
    if docker-compose cp nginx:/etc/nginx/tls/ca.crt "$ca" >/dev/null 2>&1; then
      trust=(--cacert "$ca")
    else
      trust=(--insecure)
    fi
    port=''${DRYDOCK_HTTPS_PORT:-443}
    url=https://localhost:$port/
    [ "$port" != 443 ] || url=https://localhost/
    echo "drydock: $url answers:" >&2
    curl --silent --show-error --fail --max-time 10 "''${trust[@]}" "$url"
  '';
  dev = app "build at each save and swap the running program" dev;
  dev-host = app "build at each save and swap the running program, without containers" devHost;
  down = command "down" "stop the stack and remove its containers and networks" [ ] ''
    docker-compose down
  '';
  reload-tls = app "check the pair in nginx/tls and serve it without dropping a connection" reloadTls;
  test = command "test" "test the running images" (testTools ++ [ reloadTls ]) ''
    ${load}
    export DRYDOCK_CRATES=${crates}/config.toml
    export DRYDOCK_DEV=${lib.getExe dev} DRYDOCK_DEV_HOST=${lib.getExe devHost}
    export DRYDOCK_AXE=${axeCore}/axe.min.js
    # The same letters on every machine.
    export FONTCONFIG_FILE=${pkgs.makeFontsConf { fontDirectories = [ pkgs.dejavu_fonts ]; }}
    exec ${lib.getExe containerTests} "$@"
  '';
  affected = app "print which outputs of the flake a change touches" affected;
  affected-test = app "test the same on example changes" affectedTest;
  bench = app "measure the service side by side with others" bench;
  publish = app "copy both images to a registry and print their names by digest" publish;
  verify = app "build both images once more and compare" verify;
  goss = app "look at a running container of each stage with Goss" goss;
}
