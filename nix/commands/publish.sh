# shellcheck shell=bash disable=SC2154 # publish.nix assigns what is not assigned here
if [ "${1:-}" = --sign ]; then
  key=${2:-}
  # Who asks for a signature, and whose variable is empty, gets no image without one.
  if [ -n "$key" ]; then shift 2; else set --; fi
fi
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
  echo "usage: drydock-publish [--sign KEY] DESTINATION TAG [LAYOUT]" >&2
  echo "  KEY          a private key of cosign's, with its password in COSIGN_PASSWORD, or another that cosign-sign(1) knows; or 'keyless', where there is an identity" >&2
  echo "  DESTINATION  docker://REGISTRY/PATH, or another that skopeo-copy(1) knows and that keeps digests, such as oci:FOLDER" >&2
  echo "  TAG          the tag that all images get there, such as v1.2.3" >&2
  echo "  LAYOUT       an OCI image layout with them, such as \`nix run .#index\` makes; by itself this build's" >&2
  exit 2
fi
layout=${3:-$layout}
die() { echo "drydock: error: $*" >&2; exit 1; }
wrong() { echo "drydock: error: $*" >&2; exit 2; }
destination=$1 tag=$2
case $destination in
  ?*:?*) ;;
  *) wrong "DESTINATION is '$destination'; it begins with a transport, such as docker://REGISTRY/owner/drydock" ;;
esac
case $tag in
  "" | [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*)
    wrong "TAG is '$tag'; it may have letters, digits, '_', and past the first place '.' and '-'"
    ;;
esac
case $key/$destination in
  /* | */docker://*) ;;
  *) wrong "--sign is for a registry, and DESTINATION is '$destination'" ;;
esac
[ -z "$key" ] || is_key "$key"
[ -f "$layout/index.json" ] || wrong "LAYOUT is '$layout'; there is no index.json in it"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# A colon ends the folder's name there.
ln -s "$(realpath -- "$layout")" "$folder/layout"

declare -A digests
for name in "${names[@]}"; do
  digests[$name]=$(jq --raw-output --arg name "$repository/$name:latest" \
    '.manifests[] | select(.annotations."org.opencontainers.image.ref.name" == $name).digest' "$layout/index.json")
  [ -n "${digests[$name]}" ] || die "LAYOUT is '$layout'; $repository/$name:latest is not in it"
done

registry=${destination#docker://}
registry=${registry%%/*}
# The sentence for what skopeo says as it fails.
explain() { # NAME
  local reason
  reason=$(sed -n 's/.*level=fatal msg="\(.*\)"$/\1/p' "$folder/log" | tail -n 1 | sed 's/\\"/"/g')
  case $reason in
    "") reason=$(tail -n 1 "$folder/log") ;;
    *unauthorized* | *"authentication required"* | *denied*)
      reason="$registry refuses the credentials, or has none; 'skopeo login $registry' or 'docker login $registry' stores them ($reason)"
      ;;
    *"dial tcp"* | *"no such host"* | *timeout* | *"deadline exceeded"*)
      reason="$registry does not answer ($reason)"
      ;;
  esac
  die "$1: $reason"
}
call() { # NAME ARGUMENT...
  # There is no signature to ask for: the images are built here.
  skopeo --tmpdir "$folder" --insecure-policy --command-timeout 30m "${@:2}" 2> "$folder/log" || explain "$1"
}
copy() { # NAME TO
  call "$1" copy --all --preserve-digests --quiet --retry-times 3 "oci:$folder/layout:$repository/$1:latest" "$2"
}

use_key
# The image's digest, and of an index those of its images.
all_of() { # NAME
  echo "${digests[$1]}"
  jq --raw-output '.manifests[]?.digest' "$layout/blobs/sha256/${digests[$1]#sha256:}"
}

case $destination in
  # Nothing has the tag while not all of it is there.
  docker://*) for name in "${names[@]}"; do copy "$name" "$destination/$name@${digests[$name]}"; done ;;
esac
if [ -n "$key" ]; then
  for name in "${names[@]}"; do
    for digest in $(all_of "$name"); do
      sign "${destination#docker://}/$name@$digest"
      for statement in "$layout/statements/${digest#sha256:}"/*.json; do
        [ ! -e "$statement" ] || sign_statement "${destination#docker://}/$name@$digest" "$statement"
      done
    done
  done
fi
for name in "${names[@]}"; do
  copy "$name" "$destination/$name:$tag"
done
for name in "${names[@]}"; do
  call "$name" inspect --raw --retry-times 3 "$destination/$name:$tag" > "$folder/answer"
  answer=sha256:$(sha256sum < "$folder/answer" | cut -d ' ' -f 1)
  [ "$answer" = "${digests[$name]}" ] ||
    die "$name: under $destination/$name:$tag is $answer, and the build's digest is ${digests[$name]}"
done
for name in "${names[@]}"; do
  place=${destination#*:}
  echo "${place#//}/$name@${digests[$name]}"
done
