# `nix run .#index -- FOLDER LAYOUT...`: makes of the layouts that `nix build .#oci` gave on several
# platforms one layout, in which each name is an index of them.
{
  lib,
  writeShellApplication,
  # Has bin/oci-layout.
  asserter,
}:
writeShellApplication {
  name = "drydock-index";
  text = ''
    if [ $# -lt 2 ]; then
      echo "usage: drydock-index FOLDER LAYOUT..." >&2
      echo "  FOLDER  is made, and gets the layout for all platforms" >&2
      echo "  LAYOUT  what \`nix build .#oci\` gave, for one platform each" >&2
      exit 2
    fi
    exec ${lib.getExe' asserter "oci-layout"} merge "$@"
  '';
}
