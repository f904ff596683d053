# `nix run .#compose`: writes the stack's description for Compose into the current folder, and the
# seccomp profiles that it names.
{
  # ../deploy/compose, as a folder
  composeFolder,
  writeShellApplication,
}:
writeShellApplication {
  name = "drydock-compose";
  text = ''
    folder=''${DRYDOCK_ROOT:-$PWD}
    [ $# = 0 ] || { echo "usage: drydock-compose; it writes compose.yaml and seccomp/ into the current folder" >&2; exit 2; }
    cd ${composeFolder}
    others=()
    for file in seccomp/* compose.yaml; do
      mine=$folder/$file
      if [ ! -e "$mine" ]; then
        mkdir -p "$(dirname "$mine")"
        new=$(mktemp "$mine.XXXXXX")
        cat "$file" > "$new"
        chmod 644 "$new"
        mv "$new" "$mine"
        echo "drydock: $mine is written" >&2
      elif cmp -s "$file" "$mine"; then
        echo "drydock: $mine is as it would be written" >&2
      else
        diff -u "$mine" "$file" >&2 || :
        others+=("$mine")
      fi
    done
    [ ''${#others[@]} = 0 ] || {
      echo "drydock: error: of ''${others[*]} there is another one, as the lines above show; what is your own goes into compose.override.yaml, which Compose reads on top; remove it, and call this again" >&2
      exit 1
    }
  '';
}
