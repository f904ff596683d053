# shellcheck shell=bash disable=SC2154 # diff.nix assigns what is not assigned here
markdown=()
if [ "${1:-}" = --markdown ]; then
  markdown=(--markdown)
  shift
fi
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: drydock diff [--markdown] A [B]" >&2
  echo "  A, B  a revision, a folder that \`nix build .#sbom\` gave, or a CycloneDX file of it; B is by itself the working tree" >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Flags that the caller gives every nix command, one a line.
mapfile -t flags < <(printf '%s' "${DRYDOCK_NIX_FLAGS:-}")

side() { # NAME WHAT: makes $folder/NAME.sbom and, of what can be built, $folder/NAME.oci
  local revision
  if [ -e "$2" ]; then
    ln -s "$(realpath -- "$2")" "$folder/$1.sbom"
    return
  fi
  (
    enter_repository
    revision=$(named "$2") || die "'$2' is no file or folder, and no revision of this repository"
    # A checkout, so that its images have their revision and the digests of others who build it.
    git clone --quiet --shared --no-checkout . "$folder/$1"
    cd "$folder/$1"
    git checkout --quiet --detach "$revision"
    say "building what $2 is made of"
    for output in sbom oci; do
      nix build --no-write-lock-file "${flags[@]}" --out-link "$folder/$1.$output" ".#$output" ||
        die "$2 cannot be built; the lines above say why. A revision of before Drydock had SBOMs has no output $output"
    done
  ) || exit
}
side before "$1"
if [ $# = 2 ]; then
  side after "$2"
else
  ln -s "$sbom" "$folder/after.sbom"
  ln -s "$oci" "$folder/after.oci"
fi
layouts=()
if [ -e "$folder/before.oci" ] && [ -e "$folder/after.oci" ]; then
  layouts=(--layouts "$folder/before.oci" "$folder/after.oci")
fi
"$tool" diff "${markdown[@]}" "$folder/before.sbom" "$folder/after.sbom" "${layouts[@]}"
