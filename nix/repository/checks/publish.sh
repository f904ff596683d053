# shellcheck shell=bash disable=SC2154 # publish.nix assigns what is not assigned here
say() { echo "publish: $*" >&2; }
fail() { say "$*"; exit 1; }
answers() { curl --silent --output /dev/null --retry 100 --retry-connrefused --retry-delay 1 --retry-max-time 60 "http://$1/v2/" || fail "$1 does not answer"; }

# Registries on loopback: one that anybody may write to, one that asks for a password that nobody has.
registry=127.0.0.1:5000 named=localhost:5000 closed=127.0.0.1:5001 other=127.0.0.1:5002
serve() { # ADDRESS FOLDER [AUTH]
  printf 'version: 0.1\nlog: { level: error, accesslog: { disabled: false } }\nstorage: { filesystem: { rootdirectory: %s } }\nhttp: { addr: "%s" }\n%s\n' \
    "$PWD/$2" "$1" "${3:-}" > "$2.yml"
  registry serve "$2.yml" > "$2.log" 2>&1 &
  answers "$1"
}
serve $registry open
serve $closed closed "auth: { htpasswd: { realm: nobody, path: $PWD/htpasswd } }"
# One that answers with another image than was pushed under the tag `swapped`.
mkdir nginx
cat > nginx/nginx.conf <<CONF
pid $PWD/nginx/pid;
events {}
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path $PWD/nginx/body;
  proxy_temp_path $PWD/nginx/proxy;
  fastcgi_temp_path $PWD/nginx/fastcgi;
  uwsgi_temp_path $PWD/nginx/uwsgi;
  scgi_temp_path $PWD/nginx/scgi;
  server {
    listen $other;
    location / { proxy_pass http://$registry; proxy_set_header Host $other; }
    location = /v2/swapped/app/manifests/swapped {
      if (\$request_method = GET) { rewrite ^ /v2/by/skopeo/nginx/manifests/v1 break; }
      proxy_pass http://$registry;
      proxy_set_header Host $other;
    }
  }
}
CONF
nginx -c "$PWD/nginx/nginx.conf" -e stderr -g 'daemon off;' &
answers $other
mkdir -p .config/containers
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' $registry $named $closed $other > .config/containers/registries.conf

digest() { sed -n "s|^$repository/$1@||p" "$digests"; } # NAME: the build's
pushed() { curl --silent --fail --head --header 'Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' "http://$registry/v2/$1/manifests/$2" | tr -d '\r' | sed -n 's/^docker-content-digest: //Ip'; } # PATH TAG
uploads() { grep --count 'POST /v2/[^ ]*/blobs/uploads/' open.log || :; }

# The layout has the loadable archive's configurations, and so its diff ids.
tar -xf "$image" manifest.json
for name in $names; do
  manifest=$oci/blobs/sha256/$(digest "$name" | sed s/sha256://)
  config=$(jq --raw-output .config.digest "$manifest")
  [ "$(jq --raw-output --arg tag "$repository/$name:latest" '.[] | select(.RepoTags == [$tag]).Config' manifest.json)" = "${config#sha256:}.json" ] ||
    fail "$name: the layout's configuration is $config, and the archive has another one"
  jq --exit-status '.mediaType == "application/vnd.oci.image.manifest.v1+json" and .annotations."org.opencontainers.image.created" == "1970-01-01T00:00:01+00:00"
    and (.annotations | has("org.opencontainers.image.title", "org.opencontainers.image.version", "org.opencontainers.image.revision"))' "$manifest" > /dev/null || fail "$name: $(cat "$manifest")"
done

# Three clients.
drydock-publish docker://$registry/by/skopeo v1 > printed
for name in $names; do echo "$registry/by/skopeo/$name@$(digest "$name")"; done | diff - printed
oci-layout write "$imageApp" one libdeflate-gzip -12 -c
crane push one $registry/by/crane/app:v1 > /dev/null 2>&1 || fail "crane cannot push"
oras cp --no-tty --from-oci-layout --to-plain-http "$oci@$(digest app)" $registry/by/oras/app:v1 > /dev/null || fail "oras cannot push"
for client in skopeo crane oras; do
  [ "$(pushed by/$client/app v1)" = "$(digest app)" ] || fail "$client: $(pushed by/$client/app v1), and the build's digest is $(digest app)"
done
# Pulled back by another one than pushed it.
crane pull --format=oci $registry/by/oras/app:v1 pulled
for blob in pulled/blobs/sha256/*; do cmp "$blob" "$oci/blobs/sha256/${blob##*/}"; done

# The second time, and under another tag: not one blob.
before=$(uploads)
[ "$before" -gt 0 ] || fail "the registry's log has no upload: $(head -n 3 open.log)"
drydock-publish docker://$registry/by/skopeo v2 > again
cmp printed again
[ "$(uploads)" = "$before" ] || fail "the second push ships $(($(uploads) - before)) blobs"

# Of several platforms: an index that depends on the layouts alone, and is published by its digest.
mkdir -p arm/blobs/sha256
cp --no-preserve=mode "$oci/oci-layout" arm
cp --no-preserve=mode "$oci"/blobs/sha256/* arm/blobs/sha256
jq '.manifests[].platform.architecture = "other"' "$oci/index.json" > arm/index.json
drydock-index both "$oci" arm
drydock-index reversed arm "$oci"
diff -r both reversed
! drydock-index twice "$oci" "$oci" 2> output || fail "two layouts of one platform are one index"
grep --fixed-strings "two layouts of one platform" output
drydock-publish docker://$registry/several v1 both > printed
for name in $names; do
  index=$(pushed several/"$name" v1)
  grep --fixed-strings --line-regexp "$registry/several/$name@$index" printed
  curl --silent "http://$registry/v2/several/$name/manifests/$index" --header 'Accept: application/vnd.oci.image.index.v1+json' |
    jq --exit-status --arg digest "$(digest "$name")" '[.manifests[].digest] == [$digest, $digest]' > /dev/null
done

# Signed: by digest, each image of an index as well, with what is said of it, as artifacts that a
# registry without the API of referrers lists under a tag with their types; once, whoever asks twice.
export COSIGN_PASSWORD=secret
cosign generate-key-pair > /dev/null 2>&1
drydock-publish --sign cosign.key docker://$named/signed v1 > printed
verify() { cosign "$1" --private-infrastructure --key cosign.pub "${@:2}" 2> output || { cat output; return 1; }; }
type=application/vnd.dev.sigstore.bundle.v0.3+json
for name in $names; do
  image_name=$named/signed/$name@$(digest "$name")
  verify verify "$image_name" > /dev/null
  for kind in cyclonedx spdx provenance; do
    statement=$oci/statements/$(digest "$name" | sed s/sha256://)/$kind.json
    # The very bytes that the build gave, and no time in them.
    verify verify-attestation --type "$(jq --raw-output .predicateType "$statement")" "$image_name" | jq --raw-output .payload | base64 -d | cmp - "$statement"
  done
  oras discover --plain-http --format json --artifact-type $type "$image_name" | jq --exit-status '(.referrers // .manifests) | length == 4' > /dev/null || fail "$name: not four artifacts of their type"
done
drydock-publish --sign cosign.key docker://$named/signed v2 > again
cmp printed again
oras discover --plain-http --format json "$named/signed/app@$(digest app)" | jq --exit-status '(.referrers // .manifests) | length == 4' > /dev/null || fail "it is signed twice"
drydock-publish --sign cosign.key docker://$named/index v1 both > printed
index=$(sed -n "s|^$named/index/app@||p" printed)
verify verify "$named/index/app@$index" > /dev/null
verify verify "$named/index/app@$(digest app)" > /dev/null
verify verify-attestation --type https://slsa.dev/provenance/v1 "$named/index/app@$(digest app)" > /dev/null
mkdir other-key
(cd other-key && cosign generate-key-pair > /dev/null 2>&1)
! cosign verify --private-infrastructure --key other-key/cosign.pub "$named/signed/app@$(digest app)" > /dev/null 2>&1 || fail "another key's signature is there"

refused() { # CODE TEXT ARGUMENT...: the last line has the text, and there is no trace
  local code=0
  drydock-publish "${@:3}" > output 2>&1 || code=$?
  [ "$code" = "$1" ] || fail "${*:3}: it ends with $code: $(cat output)"
  grep --fixed-strings -- "$2" output > /dev/null || fail "${*:3}: it does not say '$2' but: $(cat output)"
}
refused 2 "usage:" oci:first
refused 2 "DESTINATION is 'first'" first v1
refused 2 "TAG is 'a/b'" oci:first a/b
refused 2 "LAYOUT is 'none'" oci:first v1 none
refused 2 "usage:" --sign
refused 2 "usage:" --sign "" docker://$named/refused v1
refused 2 "KEY is 'none', which is no file" --sign none docker://$named/refused v1
refused 2 "--sign is for a registry" --sign cosign.key oci:first v1
COSIGN_PASSWORD=wrong refused 1 "KEY is 'cosign.key', which cannot be used; is its password in COSIGN_PASSWORD?" --sign cosign.key docker://$named/refused v1
[ -z "$(pushed refused/app "$(digest app)")" ] || fail "something is there, and the key cannot be used"
refused 1 "127.0.0.1:1 does not answer" docker://127.0.0.1:1/by/skopeo v1
refused 1 "$closed refuses the credentials" docker://$closed/by/skopeo v1
refused 1 "is $(digest nginx), and the build's digest is $(digest app)" docker://$other/swapped swapped
# What is broken on the way: the first image is there by its digest alone.
cp -r --no-preserve=mode "$oci" broken
echo >> "broken/blobs/sha256/$(digest nginx | sed s/sha256://)"
refused 1 "nginx: " docker://$registry/half v1 broken
[ "$(pushed half/app "$(digest app)")" = "$(digest app)" ] || fail "the first image is not there"
[ -z "$(pushed half/app v1)" ] || fail "the tag is there, and the second image is not"

# Another transport will do, if it keeps digests.
mkdir first
drydock-publish oci:first v1 > printed
for name in $names; do echo "first/$name@$(digest "$name")"; done | diff - printed
