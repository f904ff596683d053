# shellcheck shell=bash disable=SC2154 # verify-test.nix assigns what is not assigned here
scratch=$(mktemp -d)
registry=
clean() {
  [ -z "$registry" ] || kill "$registry" 2>/dev/null || :
  rm -rf "$scratch"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
fail() {
  echo "verify: $* ... FAILED"
  sed 's/^/    /' "$scratch/output"
  exit 1
}
passed() { echo "verify: $* ... ok"; }
: >"$scratch/output"

# A registry on loopback, at a port below those that Linux gives to connections.
port=5000
while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((RANDOM % 20000 + 10000)); done
cat >"$scratch/registry.yml" <<YAML
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $scratch/registry } }
http: { addr: "127.0.0.1:$port" }
YAML
registry serve "$scratch/registry.yml" >"$scratch/registry.log" 2>&1 &
registry=$!
curl --silent --output /dev/null --retry 60 --retry-connrefused --retry-delay 1 --retry-max-time 60 "http://127.0.0.1:$port/v2/" || fail "the registry does not answer"
place=localhost:$port/verified
# skopeo reads below the home alone that a registry has no TLS; the second store is in the cache.
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache} HOME=$scratch COSIGN_PASSWORD=secret
mkdir -p "$HOME/.config/containers"
printf '[[registry]]\nlocation = "localhost:%s"\ninsecure = true\n' "$port" >"$HOME/.config/containers/registries.conf"
for who in author stranger nobody; do
  (mkdir "$scratch/$who" && cd "$scratch/$who" && cosign generate-key-pair >/dev/null 2>&1)
done

drydock-publish --sign "$scratch/author/cosign.key" "docker://$place" v1 >"$scratch/printed" 2>"$scratch/output" || fail "it is published and signed"
app=$(grep '/app@' "$scratch/printed")
refused() { # CODE TEXT ARGUMENT...
  local code=0
  drydock-verify "${@:3}" >"$scratch/output" 2>&1 || code=$?
  [ "$code" = "$1" ] || fail "${*:3}: it ends with $code instead of $1"
  grep --quiet --fixed-strings -- "$2" "$scratch/output" || fail "${*:3}: it does not say: $2"
  passed "refused: $2"
}
refused 2 "has no digest; a tag may come to mean another image" "docker://$place/app:v1"
refused 2 "--require is 2, and --key names 1" --key "$scratch/author/cosign.pub" --require 2 "docker://$app"
refused 2 "--require takes a value" --require "" "docker://$app"
refused 2 "--sign takes a value" --sign "" "docker://$app"
cp "$scratch/author/cosign.pub" "$scratch/copy.pub"
refused 2 "--key names the same key twice" --key "$scratch/author/cosign.pub" --key "$scratch/copy.pub" --require 2 "docker://$app"
refused 2 "--require is 'many'" --key "$scratch/author/cosign.pub" --require many "docker://$app"
refused 2 "--key is 'none', which is no file" --key none "docker://$app"
refused 2 "are about an image in a registry" --sign "$scratch/author/cosign.key"
refused 2 "KEY is 'none', which is no file" --sign none "docker://$app"
refused 1 "there is no other" "docker://$place/other@${app##*@}"
refused 1 "0 of 1 keys have signed what it was built from, and 1 are required" --key "$scratch/nobody/cosign.pub" "docker://$app"
refused 1 "1 of 2 keys have signed what it was built from, and 2 are required" \
  --key "$scratch/author/cosign.pub" --key "$scratch/stranger/cosign.pub" "docker://$app"
refused 1 "localhost:1/verified/app@" "docker://localhost:1/verified/app@${app##*@}"
# Another image under that name.
nginx=$(sed -n 's|.*/nginx@||p' "$scratch/printed")
skopeo --insecure-policy copy --quiet --preserve-digests "oci:$oci:$repository/nginx:latest" "docker://$place/app:other" 2>"$scratch/output" || fail "another image is copied"
refused 1 "is $nginx, and this revision builds ${app##*@}" "docker://$place/app@$nginx"

drydock-verify --quick --key "$scratch/author/cosign.pub" --key "$scratch/stranger/cosign.pub" --require 1 \
  --sign "$scratch/stranger/cosign.key" "docker://$app" >"$scratch/output" || fail "the published image is built once more"
cat "$scratch/output"
for who in author stranger; do
  cosign verify-attestation --private-infrastructure --key "$scratch/$who/cosign.pub" --type https://slsa.dev/provenance/v1 "$app" 2>"$scratch/output" |
    jq --raw-output .payload | base64 -d | cmp - "$oci/statements/${app##*@sha256:}/provenance.json" || fail "$who has signed what it was built from"
done
passed "built once more by a stranger, whose signature is beside the author's"
