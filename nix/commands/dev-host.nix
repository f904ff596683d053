# `./drydock dev --host`: the edit-run loop without containers. nginx has its production
# configuration, with the places and ports of this machine in it.
{
  lib,
  writeShellApplication,
  # The binary of the crate, and the port that it serves on in production.
  name,
  port,
  # What builds it: the toolchain and a C compiler that links.
  toolchain,
  stdenv,
  dev-loop,
  nginx,
  # Checks or makes the key pair.
  keypair,
  # ../edge/places.nix
  places,
}:
let
  # What the program is made of; see ../crate/build.nix.
  sources = [
    "Cargo.toml"
    "Cargo.lock"
    "build.rs"
    "crates/chassis/Cargo.toml"
    "crates/chassis/src"
    "src"
    "templates"
  ];
  words = {
    upstream = "$app";
    http = "$http";
    https = "$https";
    health = "unix:$work/health";
    tls = "$work/tls/";
    www = "$work/www/";
    scratch = "$work/";
    # The program has a line for each request, too, and this is the terminal of whoever edits it.
    log = "/dev/null";
    redirect = "$suffix";
  };
  again = "./drydock dev takes it when it is started again";
  notes = {
    "Cargo.toml" = "cargo takes it with the build that begins now";
    "Cargo.lock" = "cargo takes it with the build that begins now";
    "assets" = "reload the page, the edge serves the folder as it is";
    "compose.yaml" = "docker compose up -d takes it; there are no containers in this mode";
    "compose.dev.yaml" = "./drydock dev takes it; there are no containers in this mode";
    "flake.lock" = again;
    "flake.nix" = again;
    "nix" = again;
    "rust-toolchain.toml" = again;
  };
in
writeShellApplication {
  name = "drydock-dev-host";
  runtimeInputs = [
    toolchain
    stdenv.cc
  ];
  text = ''
    root=''${DRYDOCK_ROOT:-$PWD}
    http=''${DRYDOCK_HTTP_PORT:-80} https=''${DRYDOCK_HTTPS_PORT:-443}
    app_port=''${DRYDOCK_APP_PORT:-${toString port}}
    ${builtins.readFile ./ports.sh}
    port DRYDOCK_HTTP_PORT "$http"
    port DRYDOCK_HTTPS_PORT "$https"
    port DRYDOCK_APP_PORT "$app_port"
    app=127.0.0.1:$app_port
    work=$(mktemp -d)
    case $work in
      *[!A-Za-z0-9/._+-]*)
        # nginx's configuration has no way to write every name.
        rmdir "$work"
        work=$(mktemp -d /tmp/drydock.XXXXXX)
        ;;
    esac
    trap 'rm -rf "$work"' EXIT
    # So that the loop removes the folder at its end, which has the development key in it.
    : > "$work/.dev-loop"
    mkdir -p "$work/tls" "$work/www/acme" "$work/www/assets"
    # Served as it is now: nothing has to follow an edit of an asset.
    ln -s "$root/assets" "$work/www/assets/identity"
    ${lib.getExe keypair} --from "$root/nginx/tls" --to "$work/tls" --owner "$(id -u):$(id -g)" >/dev/null
    [ ! -e "$work/tls/ca.crt" ] || echo "dev: the development CA, while this runs: $work/tls/ca.crt" >&2
    suffix=:$https
    [ "$https" != 443 ] || suffix=

    # One connection for each request: none can be closed that nginx is about to use.
    export APP_KEEP_ALIVE_SECONDS="''${APP_KEEP_ALIVE_SECONDS:-0}"
    arguments=(
      --in "$root" --work "$work" --url "https://localhost$suffix/"
      --app ${name} --listen "$app"
      --edge nginx --nginx ${lib.getExe nginx}
      ${lib.concatMapStringsSep "" (place: ''
        --place ${place.file} ${lib.escapeShellArg place.from} "${
          builtins.replaceStrings [ "\"" ] [ "\\\"" ] place.to
        }"
      '') (places words)}
      ${lib.concatMapStringsSep " " (path: "--source ${path}") sources} --tests tests
      ${lib.concatLines (
        lib.mapAttrsToList (path: text: "--note ${path} ${lib.escapeShellArg text}") notes
      )}
    )
    # Or its workers would be nobody, who may read neither the folder nor what is to be served.
    [ "$(id -u)" != 0 ] || arguments+=(--place main/process.conf 'pid ' 'user root; pid ')
    # It takes the folder away itself.
    trap - EXIT
    exec ${dev-loop}/bin/dev-loop "''${arguments[@]}"
  '';
}
