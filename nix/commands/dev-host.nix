# `./drydock dev --host`: the edit loop without containers. nginx has its production configuration,
# with the folders and ports of this machine in it.
{
  app,
  lib,
  name,
  writeShellApplication,
  # What builds the crate: the toolchain and a C compiler that links.
  toolchain,
  stdenv,
  dev-loop,
  edgeSource,
  nginx,
  # Checks or makes the key pair.
  keypair,
  # ./loop.nix
  loop,
  # Other services behind the same edge.
  others,
  onChassis,
  # The settings of these names: see ../settings/rows.nix.
  writable,
}:
let
  words = {
    upstream = "{listen}";
    http = "$http";
    https = "$https";
    health = "unix:$work/health";
    tls = "$work/tls/";
    www = "$work/www/";
    scratch = "$work/";
    redirect = "$suffix";
  }
  # The program has a line for each request, too, and this is the terminal of whoever edits it.
  // lib.optionalAttrs onChassis { log = "/dev/null"; };
  # Shell may stand in what is put.
  quoted = value: "\"${builtins.replaceStrings [ "\"" ] [ "\\\"" ] value}\"";
  configuration = loop.configuration {
    tree = "$root";
    store = edgeSource;
  };
  notes = loop.notes (
    lib.genAttrs [ "compose.yaml" "compose.dev.yaml" ] (
      file:
      "${
        if file == "compose.yaml" then "docker compose up -d" else loop.door
      } takes it; there are no containers in this mode"
    )
  );
in
writeShellApplication {
  name = "drydock-dev-host";
  runtimeInputs = [
    toolchain
    stdenv.cc
  ]
  ++ app.working.tools;
  text = ''
    ${lib.optionalString (others != { }) ''
      echo "dev: without containers there is one service, ${name}; those of the setting services (${toString (builtins.attrNames others)}) are built at each save by ${loop.door}" >&2
    ''}
    root=''${DRYDOCK_ROOT:-$PWD}
    http=''${DRYDOCK_HTTP_PORT:-80} https=''${DRYDOCK_HTTPS_PORT:-443}
    # One that is free, unless it is the service's own.
    app_port=''${DRYDOCK_APP_PORT:-${if onChassis then toString loop.listen else "0"}}
    ${builtins.readFile ./ports.sh}
    port DRYDOCK_HTTP_PORT "$http"
    port DRYDOCK_HTTPS_PORT "$https"
    [ "$app_port" = 0 ] || port DRYDOCK_APP_PORT "$app_port"
    ${lib.concatMapStrings (folder: ''
      [ -d ${folder} ] || echo "dev: the setting writable has ${folder}, which is not on this machine; make it, or let a variable of the environment name another place" >&2
    '') (builtins.filter (folder: folder != "/tmp") writable)}
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
    ${lib.optionalString (loop.assetsFolder != null) ''
      # Served as it is now: nothing has to follow an edit of an asset.
      ln -s "$root/${loop.assetsFolder}" "$work/www/assets/identity"
    ''}
    from=$root/nginx/tls
    if [ ! -d "$from" ]; then
      from=$work/none
      mkdir "$from"
    fi
    ${lib.getExe keypair} --from "$from" --to "$work/tls" --owner "$(id -u):$(id -g)" >/dev/null
    [ ! -e "$work/tls/ca.crt" ] || echo "dev: the development CA, while this runs: $work/tls/ca.crt" >&2
    suffix=:$https
    [ "$https" != 443 ] || suffix=
    ${lib.concatLines (
      lib.mapAttrsToList (
        variable: value: "export ${variable}=\${${variable}-${lib.escapeShellArg value}}"
      ) loop.variables
    )}
    arguments=(
      --in "$root/${loop.crateFolder}" --work "$work" --url "https://localhost$suffix/"
      --listen "127.0.0.1:$app_port" --nginx ${lib.getExe nginx}
      ${lib.escapeShellArgs (
        map (argument: "--cargo=${argument}") app.working.hostArguments ++ loop.service ++ notes
      )}
      ${lib.concatMapStringsSep " " quoted (configuration ++ loop.substitutionArguments words)}
    )
    # Or its workers would be nobody, who may read neither the folder nor what is to be served.
    [ "$(id -u)" != 0 ] || arguments+=(--substitute main/process.conf 'pid ' 'user root; pid ')
    # It takes the folder away itself.
    trap - EXIT
    exec ${dev-loop}/bin/dev-loop "''${arguments[@]}"
  '';
}
