# Each compose file is valid by the Compose specification's schema, as Compose itself
# reads it: no unknown key, no value of another type, no warning. A file besides
# compose.yaml is one to put on top of it. Both are renderings of what the stack is.
{
  # ../../compose-dev.nix and ../../compose.nix, as files
  composeDevFile,
  composeFile,
  lib,
  pkgs,
}:
let
  files = lib.fileset.toSource {
    root = ../../..;
    fileset = lib.fileset.unions (
      map (name: ../../.. + "/${name}") (
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
  diff -u compose.yaml ${composeFile} >> "$HOME/wrong" ||
    echo "compose.yaml is not what nix/compose.nix makes: the lines with + are; nix run .#compose writes it anew, where it is not there" >> "$HOME/wrong"
  diff -u compose.dev.yaml ${composeDevFile} >> "$HOME/wrong" ||
    echo "compose.dev.yaml is not what nix/compose-dev.nix makes: the lines with + are" >> "$HOME/wrong"
  cat "$HOME/wrong" >&2
  [ ! -s "$HOME/wrong" ]
  touch "$out"
''
