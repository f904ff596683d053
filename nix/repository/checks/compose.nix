# Each compose file is valid by the Compose specification's schema, as Compose itself
# reads it: no unknown key, no value of another type, no warning. A file besides
# compose.yaml is one to put on top of it. Both are renderings of what the stack is. And of another
# repository's compose.yaml it is seen what lies on top of its stack.
{
  # ../../compose-dev.nix, as a file; ../../deploy/compose, as one and as a folder
  composeDevFile,
  composeFile,
  composeFolder,
  lib,
  pkgs,
}:
let
  files = lib.fileset.toSource {
    root = ../../..;
    fileset = lib.fileset.unions (
      [ ../../../seccomp ]
      ++ map (name: ../../.. + "/${name}") (
        builtins.filter (name: lib.hasPrefix "compose" name && lib.hasSuffix ".yaml" name) (
          builtins.attrNames (builtins.readDir ../../..)
        )
      )
    );
  };
in
pkgs.runCommand "compose" { nativeBuildInputs = [ pkgs.docker-compose ]; } ''
  export HOME=$PWD
  cd ${files}
  check() { # FILE, and options that name it
    echo "$1"
    docker-compose "''${@:2}" config --quiet 2>> "$HOME/wrong" || echo "$1 is refused" >> "$HOME/wrong"
  }
  for file in *.yaml; do
    case $file in
      compose.yaml) check "$file" --file "$file" ;;
      *) check "$file" --file compose.yaml --file "$file" ;;
    esac
  done
  for file in compose.yaml seccomp; do
    diff -ruN "$file" "${composeFolder}/$file" >> "$HOME/wrong" ||
      echo "$file is not what nix/deploy makes: the lines with + are; nix run .#compose writes it anew, where it is not there" >> "$HOME/wrong"
  done
  diff -u compose.dev.yaml ${composeDevFile} >> "$HOME/wrong" ||
    echo "compose.dev.yaml is not what nix/compose-dev.nix makes: the lines with + are" >> "$HOME/wrong"
  # ../../commands/files.sh is read by each command that acts on the stack.
  say() { echo "$*" > "$HOME/output"; }
  rendered=${composeFile} repository=other
  source ${../../commands/files.sh}
  read_with() { # EXPECTED TEXT...: what is read where compose.yaml has the text
    local expected=$1 mine files
    shift
    rm -rf "$HOME/folder" "$HOME/output"
    mkdir "$HOME/folder"
    cd "$HOME/folder"
    [ $# = 0 ] || printf '%s\n' "$@" > compose.yaml
    choose_files
    [ "''${files[*]}" = "$expected" ] || echo "of a compose.yaml with '$*' ''${files[*]} is read, and not $expected" >> "$HOME/wrong"
  }
  over="--project-directory . --file $rendered"
  read_with "$over"
  read_with "--file compose.yaml" 'services: { nginx: { image: other/nginx:latest } }'
  read_with "$over --file compose.yaml" 'services: { app: { environment: { A: b } }, database: { image: postgres } }'
  read_with "$over --file compose.yaml" 'services: { database: { image: postgres, networks: [backend] } }'
  read_with "$over" 'services: { web: { image: somebody/web, ports: ["80:80"] } }'
  grep -q 'is a stack of its own, and not read' "$HOME/output" || echo "nothing is said of a stack that is not read" >> "$HOME/wrong"
  cat "$HOME/wrong" >&2
  [ ! -s "$HOME/wrong" ]
  touch "$out"
''
