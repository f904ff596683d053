# shellcheck shell=bash disable=SC2034,SC2154 # verify.nix assigns what is not assigned here
# What a registry has, held against this build.

quick=false what='' keys=() required=''
options() { # ARGUMENT...
  while [ $# -gt 0 ]; do
    case $1 in
      --quick) quick=true ;;
      --key | --require | --sign)
        # An empty variable is no consent to less.
        [ -n "${2:-}" ] || wrong "$1 takes a value"
        case $1 in
          --key) keys+=("$2") ;;
          --require) required=$2 ;;
          --sign) key=$2 ;;
        esac
        shift
        ;;
      -*) usage ;;
      *)
        [ -z "$what" ] || usage
        what=$1
        ;;
    esac
    shift
  done
  case $what in
    docker://*/*@sha256:*) ;;
    docker://*) wrong "'$what' has no digest; a tag may come to mean another image: docker://REGISTRY/PATH/NAME@sha256:…" ;;
    *) [ -z "$key$required${keys[*]}" ] || wrong "--key, --require and --sign are about an image in a registry: docker://REGISTRY/PATH/NAME@sha256:…" ;;
  esac
  case ${required:-1} in
    *[!0-9]* | 0*) wrong "--require is '$required'; it is the number of keys that have to have signed" ;;
  esac
  [ "${required:-0}" -le ${#keys[@]} ] || wrong "--require is $required, and --key names ${#keys[@]}"
  local one other
  for one in "${keys[@]}"; do
    [ -f "$one" ] || wrong "--key is '$one', which is no file; it is the public key of who signs"
  done
  # One signer is not two.
  for one in "${!keys[@]}"; do
    for other in "${keys[@]:0:one}"; do
      [ "$(cat -- "$other")" != "$(cat -- "${keys[one]}")" ] || wrong "--key names the same key twice: $other and ${keys[one]}"
    done
  done
  [ -z "$key" ] || is_key "$key"
}
usage() {
  echo "usage: drydock verify [--quick] [ARCHIVE | [--key PUBLIC-KEY]... [--require N] [--sign KEY] docker://REGISTRY/PATH/NAME@sha256:DIGEST]" >&2
  exit 2
}

# Whether it is what was built here, and enough of the keys say the same. It ends where not.
is_published() { # docker://REGISTRY/PATH/NAME@DIGEST
  local reference=${1#docker://} name digest own_digest found revision own_revision one statement signers=0
  name=${reference%@*}
  name=${name##*/}
  [ -n "${archives[$name]:-}" ] || die "$1: the images of this revision are ${!archives[*]}, and there is no $name"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  use_key
  say "fetching $reference"
  skopeo --tmpdir "$folder" --insecure-policy --command-timeout 30m copy --quiet --preserve-digests --retry-times 3 "$1" "oci:$folder/fetched:image" 2> "$folder/log" ||
    die "$reference: $(sed -n 's/.*level=fatal msg="\(.*\)"$/\1/p' "$folder/log" | tail -n 1)"
  found=$(jq --raw-output '.manifests[0].digest' "$folder/fetched/index.json")
  own_digest=$(jq --raw-output --arg name "$repository/$name:latest" \
    '.manifests[] | select(.annotations."org.opencontainers.image.ref.name" == $name).digest' "$oci/index.json")
  label() { # LAYOUT MANIFEST-DIGEST
    local config
    config=$(jq --raw-output .config.digest "$1/blobs/sha256/${2#sha256:}")
    jq --raw-output '.config.Labels."org.opencontainers.image.revision" // "none"' "$1/blobs/sha256/${config#sha256:}"
  }
  revision=$(label "$folder/fetched" "$found")
  own_revision=$(label "$oci" "$own_digest")
  [ "$revision" = "$own_revision" ] ||
    die "$reference says that it is of revision $revision, and this is $own_revision; 'git checkout $revision' is where it can be verified"
  if [ "$found" != "$own_digest" ]; then
    skopeo --tmpdir "$folder" --insecure-policy copy --quiet "oci:$folder/fetched:image" "docker-archive:$folder/fetched.tar:$repository/$name:latest" > "$folder/log" 2>&1 || die "$(tail -n 1 "$folder/log")"
    "$image_compare" "$folder/fetched.tar" "${archives[$name]}" || :
    die "$reference is $found, and this revision builds $own_digest"
  fi
  say "$reference is what this revision builds"
  # What it was built from, as everybody who builds it says in the same bytes.
  statement=$oci/statements/${own_digest#sha256:}/provenance.json
  digest=${reference%@*}@$own_digest
  for one in "${keys[@]}"; do
    if has_statement "$one" "$digest" "$statement"; then
      signers=$((signers + 1))
      say "$one has signed what it was built from"
    else
      say "$one has not signed what it was built from"
    fi
  done
  [ "$signers" -ge "${required:-${#keys[@]}}" ] || die "$reference: $signers of ${#keys[@]} keys have signed what it was built from, and ${required:-${#keys[@]}} are required"
  published=$digest
}

# Says so with a key of one's own, for who asks with --require.
attest() {
  [ -n "$key" ] || return 0
  sign_statement "$published" "$oci/statements/${published##*@sha256:}/provenance.json"
  say "$key has signed what $published was built from"
}
