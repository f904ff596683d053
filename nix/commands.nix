# What `./drydock up`, `down` and `test` hand over to, as apps of the flake.
{
  pkgs,
  # The archive of all images.
  image,
  containerTests,
}:
let
  inherit (pkgs) lib;

  # Compose is called by its own name, so that no CLI plug-in has to be installed.
  stackTools = [
    pkgs.curl
    pkgs.docker-client
    pkgs.docker-compose
  ];
  # What the tests look with besides: handshakes, and the layers of an image.
  testTools = [
    pkgs.gnutar
    pkgs.gzip
    pkgs.openssl
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
  command = name: description: tools: text: {
    type = "app";
    program = lib.getExe (
      pkgs.writeShellApplication {
        name = "drydock-${name}";
        runtimeInputs = stackTools ++ tools;
        text = inFolder + text;
      }
    );
    meta = { inherit description; };
  };
in
{
  up = command "up" "load the images, start the stack and show its answer" [ ] ''
    ${load}
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
  down = command "down" "stop the stack and remove its containers and networks" [ ] ''
    docker-compose down
  '';
  test = command "test" "test the running images" testTools ''
    ${load}
    exec ${lib.getExe containerTests} "$@"
  '';
}
