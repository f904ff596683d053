# `nix run .#publish -- DESTINATION TAG`: copies both images under TAG, and prints the
# name by digest of each, which is the one that never comes to mean something else.
{
  pkgs,
  # The archive of all images.
  image,
  # The images in it, by the last parts of their names.
  images,
  # The first part of their names.
  repository,
}:
let
  inherit (pkgs) lib;
in
pkgs.writeShellApplication {
  name = "drydock-publish";
  runtimeInputs = [ pkgs.skopeo ];
  text = ''
    if [ $# != 2 ]; then
      echo "usage: drydock-publish DESTINATION TAG" >&2
      echo "  DESTINATION  docker://REGISTRY/PATH, or another that skopeo-copy(1) knows, such as oci:FOLDER" >&2
      echo "  TAG          the tag that both images get there, such as v1.2.3" >&2
      exit 2
    fi
    case $1 in
      ?*:?*) ;;
      *) echo "drydock: error: DESTINATION is '$1'; it begins with a transport, such as docker://REGISTRY/owner/drydock" >&2; exit 2 ;;
    esac
    case $2 in
      "" | [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*)
        echo "drydock: error: TAG is '$2'; it may have letters, digits, '_', and past the first place '.' and '-'" >&2
        exit 2
        ;;
    esac
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    for name in ${lib.escapeShellArgs (builtins.attrNames images)}; do
      # There is no signature to ask for: the archive is built here.
      skopeo --tmpdir "$folder" --insecure-policy copy --quiet --retry-times 3 --digestfile "$folder/digest" \
        "docker-archive:${image}:${repository}/$name:latest" "$1/$name:$2" >&2
      echo "''${1#*:}/$name@$(cat "$folder/digest")" | sed 's|^//||'
    done
  '';
}
