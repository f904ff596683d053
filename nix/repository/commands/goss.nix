# `./drydock goss`: a running container of each stage, looked at from inside by Goss, which
# https://goss.readthedocs.io describes. Goss is mounted into it with all that it is built
# from, since no image has it; a release image has no shell either.
{
  # Has bin/drydock-engine.
  engine,
  pkgs,
  image,
  image-ci,
  image-dev,
  lib,
  # What the files may speak of.
  name,
  port,
  ready,
  repository,
  src,
}:
let
  # By stage: the archive that has its image.
  archives = {
    app = image;
    nginx = image;
    dev = image-dev;
    ci = image-ci;
  };
  # The image's name by stage, without the tag; stages that are services of compose.yaml
  # have no need of it.
  images = {
    dev = "${repository}/dev";
    ci = "${repository}/ci";
  };
  # What stands for `.Vars` in the files.
  vars = {
    inherit name;
    readyPath = ready;
    port = toString port;
    rust = (lib.importTOML (src + "/rust-toolchain.toml")).toolchain.channel;
  };

  # The program alone. nixpkgs puts a script around it, whose bash, getent and systemd would
  # have to be mounted, too; it looks for nothing but a shell and what runs, which are the
  # image's.
  goss = pkgs.runCommand "goss" { meta.mainProgram = "goss"; } ''
    mkdir -p "$out/bin"
    program=${pkgs.goss}/bin/.goss-wrapped
    [ -e "$program" ] || program=${pkgs.goss}/bin/goss
    cp "$program" "$out/bin/goss"
  '';
  # What `edit` brings: a shell and the usual small programs.
  shell = pkgs.runCommand "goss-shell" { } ''
    mkdir -p "$out/bin"
    for program in $(${lib.getExe' pkgs.busybox "busybox"} --list); do
      ln -s ${lib.getExe' pkgs.busybox "busybox"} "$out/bin/$program"
    done
  '';
  closure = roots: "${pkgs.closureInfo { rootPaths = roots; }}/store-paths";
  # Shell's, of a `case` on the stage.
  cases =
    do: values: lib.concatLines (lib.mapAttrsToList (stage: value: "${stage}) ${do value} ;;") values);
in
pkgs.writeShellApplication {
  name = "drydock-goss";
  runtimeInputs = [
    engine
    pkgs.docker-client
    pkgs.docker-compose
  ];
  text = ''
    root=''${DRYDOCK_ROOT:-$PWD}
    stages=(${toString (builtins.attrNames archives)})
    fail() { echo "drydock: error: $*" >&2; exit 1; }
    usage() { echo "usage: drydock goss [edit] [''${stages[*]}]; without a stage, all of them" >&2; exit 2; }
    mode=ro
    [ "''${1:-}" != edit ] || { mode=rw; shift; [ $# = 1 ] || usage; }
    for stage; do
      case " ''${stages[*]} " in *" $stage "*) ;; *) usage ;; esac
    done
    [ $# = 0 ] || stages=("$@")
    drydock-engine
    # The files are named below.
    unset COMPOSE_FILE COMPOSE_PATH_SEPARATOR COMPOSE_PROFILES

    folder=$(mktemp -d)
    project=drydock-goss-$$
    # The stack is on networks of its own and has no port on this machine.
    compose() { docker-compose --project-name "$project" --file "$root/compose.yaml" --file "$folder/overlay.yaml" "$@"; }
    clean() {
      [ ! -e "$folder/overlay.yaml" ] || compose down --volumes --remove-orphans --timeout 1 >&2 || :
      docker rm --force "$project" > /dev/null 2>&1 || :
      rm -rf "$folder"
    }
    trap clean EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    paths=${closure [ goss ]}
    [ "$mode" = ro ] || paths=${
      closure [
        goss
        shell
      ]
    }
    mounts() { # STAGE: one a line, as Docker and Compose have them.
      sed 's|.*|&:&:ro|' "$paths"
      echo "$folder/$1:/goss:$mode"
    }
    load() {
      case $1 in
        ${cases (archive: "docker load --quiet --input ${archive}") archives}
      esac >&2
    }
    # Starts a container of the stage and sets $container.
    start() { # STAGE
      file=$root/tests/goss/goss.$1.yaml
      [ -f "$file" ] || fail "there is no $file"
      mkdir "$folder/$1"
      cp "$file" "$folder/$1/goss.yaml"
      # The user inside is another one.
      chmod -R a+rwX "$folder"
      load "$1"
      case $1 in
        ${cases (name: "image=${name}") images}
        *) image= ;;
      esac
      if [ -n "$image" ]; then
        mapfile -t volumes < <(mounts "$1")
        # As CSV has it: a folder's name may have any byte.
        source="type=bind,\"source=''${root//\"/\"\"}\",target=/src,readonly"
        docker run --detach --name "$project" --read-only --cap-drop ALL --security-opt no-new-privileges:true \
          --network none --tmpfs /tmp:exec,mode=1777 --mount "$source" \
          "''${volumes[@]/#/--volume=}" --entrypoint sleep "$image" infinity > /dev/null
        container=$project
      else
        {
          # Goss calls more than what ships: it is held to the engine's own seccomp profile.
          printf 'services:\n  %s:\n    ports: !reset []\n    security_opt: !override ["no-new-privileges:true"]\n    volumes:\n' "$1"
          mounts "$1" | sed 's/.*/      - "&"/'
        } > "$folder/overlay.yaml"
        compose up --detach --wait --wait-timeout 120 "$1" >&2 || { compose logs --no-color --tail 20 | LC_ALL=C sed 's/[^[:print:]\t]/?/g' >&2; fail "$1 did not start"; }
        container=$(compose ps --quiet "$1")
      fi
    }
    stop() {
      if [ -e "$folder/overlay.yaml" ]; then
        compose down --volumes --timeout 1 >&2
        rm "$folder/overlay.yaml"
      else
        docker rm --force "$container" > /dev/null
      fi
    }

    if [ "$mode" = rw ]; then
      start "$1"
      terminal=()
      [ ! -t 0 ] || terminal=(--tty)
      echo "drydock: this is a container of $1, and goss.yaml is tests/goss/goss.$1.yaml; it is kept when you leave" >&2
      echo "drydock: goss validate tries it; goss --gossfile new.yaml autoadd NAME writes what could be put into it" >&2
      echo ${lib.escapeShellArg (builtins.toJSON vars)} > "$folder/$1/vars.yaml"
      docker exec --interactive "''${terminal[@]}" --workdir /goss \
        --env GOSS_VARS=/goss/vars.yaml --env PATH=${
          lib.makeBinPath [
            goss
            shell
          ]
        }:/bin --env HOME=/tmp "$container" ${shell}/bin/sh || :
      cmp -s "$folder/$1/goss.yaml" "$file" || { cat "$folder/$1/goss.yaml" > "$file"; echo "drydock: $file is changed" >&2; }
      exit
    fi

    failed=()
    for stage in "''${stages[@]}"; do
      start "$stage"
      echo "drydock: goss looks at $stage" >&2
      docker exec "$container" ${lib.getExe goss} --gossfile /goss/goss.yaml \
        --vars-inline ${lib.escapeShellArg (builtins.toJSON vars)} validate --format documentation --no-color || failed+=("$stage")
      stop
    done
    [ "''${#failed[@]}" = 0 ] || fail "goss finds in ''${failed[*]} what should not be so; the lines above say what"
  '';
}
