# shellcheck shell=bash disable=SC2034,SC2154 # who reads this has `die`, `wrong` and the folder
# Signatures of what a registry has, and of what is said of it, by cosign.

# https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
bundle=application/vnd.dev.sigstore.bundle.v0.3+json
key='' signing=(--yes) own=()

is_key() { # KEY: refuses what cannot be one.
  case $1 in
    keyless | *://* | k8s:*) ;;
    *) [ -f "$1" ] || wrong "KEY is '$1', which is no file; 'cosign generate-key-pair' makes one" ;;
  esac
}

use_key() { # Sees to it that $key can sign.
  # An identity needs none.
  [ -n "$key" ] && [ "$key" != keyless ] || return 0
  if [ -z "${COSIGN_PASSWORD+set}" ] && [ -t 0 ]; then
    read -rsp "drydock: the password of $key: " COSIGN_PASSWORD
    echo >&2
    export COSIGN_PASSWORD
  fi
  cosign public-key --key "$key" > "$folder/key.pub" 2> "$folder/log" ||
    die "KEY is '$key', which cannot be used; is its password in COSIGN_PASSWORD? $(tail -n 1 "$folder/log")"
  # A key says by itself who signs, with no log that others keep.
  signing+=(--key "$key" --use-signing-config=false --tlog-upload=false)
  own=("$folder/key.pub")
}

has_signature() { # PUBLIC-KEY REFERENCE
  [ -n "$1" ] && timeout 300 cosign verify --private-infrastructure --key "$1" "$2" > /dev/null 2>&1
}

# Whether one of the key's statements of that type has these very bytes.
has_statement() { # PUBLIC-KEY REFERENCE STATEMENT
  local type
  [ -n "$1" ] || return 1
  type=$(jq --raw-output .predicateType "$3")
  timeout 300 cosign verify-attestation --private-infrastructure --key "$1" --type "$type" "$2" 2> /dev/null |
    jq --exit-status --slurp --rawfile expected "$3" 'any(.[]; (.payload | @base64d) == $expected)' > /dev/null
}

# As an artifact that refers to the image; oras has its type right also where a registry lists such
# under a tag (https://specs.opencontainers.org/distribution-spec/#referrers-tag-schema).
attach() { # REFERENCE ARGUMENT-OF-COSIGN...
  local type
  timeout 300 cosign "${@:2}" --bundle "$folder/bundle.json" > "$folder/log" 2>&1 || die "$1: cosign: $(tail -n 1 "$folder/log")"
  type=$(jq --raw-output '.dsseEnvelope.payload | @base64d | fromjson.predicateType' "$folder/bundle.json")
  (cd "$folder" && timeout 300 oras attach --no-tty --artifact-type $bundle --annotation dev.sigstore.bundle.content=dsse-envelope \
    --annotation "dev.sigstore.bundle.predicateType=$type" "$1" "bundle.json:$bundle") > "$folder/log" 2>&1 ||
    die "$1: the signature cannot be attached: $(tail -n 1 "$folder/log")"
}

# Whoever asks twice signs once, if that can be known.
sign() { # REFERENCE
  has_signature "${own[0]:-}" "$1" || attach "$1" sign "${signing[@]}" --upload=false "$1"
}
sign_statement() { # REFERENCE STATEMENT
  has_statement "${own[0]:-}" "$1" "$2" || attach "$1" attest-blob "${signing[@]}" --statement "$2"
}
