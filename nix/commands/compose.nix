# `nix run .#compose`: writes the stack's description for Compose into the current folder.
{
  # ../deploy/compose, as a file
  composeFile,
  writeShellApplication,
}:
writeShellApplication {
  name = "drydock-compose";
  text = ''
    file=''${DRYDOCK_ROOT:-$PWD}/compose.yaml
    [ $# = 0 ] || { echo "usage: drydock-compose; it writes compose.yaml into the current folder" >&2; exit 2; }
    if [ ! -e "$file" ]; then
      new=$(mktemp "$file.XXXXXX")
      cat ${composeFile} > "$new"
      chmod 644 "$new"
      mv "$new" "$file"
      echo "drydock: $file is written" >&2
    elif cmp -s ${composeFile} "$file"; then
      echo "drydock: $file is as it would be written" >&2
    else
      diff -u "$file" ${composeFile} >&2 || :
      echo "drydock: error: $file is there, and another one, as the lines above show; what is your own goes into compose.override.yaml, which Compose reads on top; remove it, and call this again" >&2
      exit 1
    fi
  '';
}
