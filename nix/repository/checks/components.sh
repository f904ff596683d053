# shellcheck shell=bash disable=SC2154 # components.nix assigns what is not assigned here
fail() { echo "components: $*" >&2; exit 1; }

validate "$sbom"/*.json || fail "the files are not what they say they are"
# Both libraries do refuse.
jq 'del(.components[0].type)' "$sbom/app.cdx.json" > broken.cdx.json
! validate broken.cdx.json 2> /dev/null || fail "CycloneDX's library takes a component without a type"
jq 'del(.files[0].checksums)' "$sbom/app.spdx.json" > broken.spdx.json
! validate broken.spdx.json 2> /dev/null || fail "SPDX's library takes a file without a checksum"

for name in "${!images[@]}"; do
  bom=$sbom/$name.cdx.json
  # The files as tar finds them, and as both SBOMs have them.
  mkdir "$name" "$name/layers" "$name/tree"
  tar -C "$name" -xf "${images[$name]}"
  jq --raw-output '.[0].Layers[]' "$name/manifest.json" | while read -r layer; do
    tar -C "$name/tree" --no-same-permissions --delay-directory-restore -xf "$name/$layer" 2> "$name/tar-output" || fail "$name: $(cat "$name/tar-output")"
    chmod -R u+w "$name/tree"
  done
  (cd "$name/tree" && find . -type f -exec sha256sum {} + | sed 's|  \./|  /|' | sort -k 2) > "$name/found"
  [ -s "$name/found" ] || fail "$name: there is no file in it"
  jq --raw-output '.components[] | .components[]? | "\(.hashes[0].content)  \(.name)"' "$bom" | sort -k 2 | diff "$name/found" - ||
    fail "$name: CycloneDX has other files than the image"
  jq --raw-output '.files[] | "\(.checksums[] | select(.algorithm == "SHA256").checksumValue)  \(.fileName[1:])"' "$sbom/$name.spdx.json" | sort -k 2 | diff "$name/found" - ||
    fail "$name: SPDX has other files than the image"
  # Nothing is left open.
  jq --raw-output '
    ([.components[] | select(.components) | .properties[]? | select(.name == "drydock:path").value]) as $with
    | .components[]
    | select((.purl // "") == "" or (.version // "") == "" or (.hashes | length) == 0 or (.licenses[0].expression // "") == ""
        or (.components == null and ([.properties[].value] - $with != [])))
    | "\(.name) \(.version)"' "$bom" > "$name/open"
  [ ! -s "$name/open" ] || fail "$name: not all is known of: $(paste -s -d , "$name/open")"

  # A scanner of others, on the archive as it is loaded.
  gzip -dc "${images[$name]}" > "$name.tar" 2> /dev/null || cp "${images[$name]}" "$name.tar"
  SYFT_CHECK_FOR_APP_UPDATE=false syft scan --quiet --output "json=$name/syft" "docker-archive:$name.tar"
  jq --raw-output '.artifacts[] | select(.type == "rust-crate") | "\(.name) \(.version)"' "$name/syft" | sort -u > "$name/crates-found"
  jq --raw-output '.components[] | select(.purl | startswith("pkg:cargo/")) | "\(.name) \(.version)"' "$bom" | sort -u > "$name/crates"
  missing=$(comm -23 "$name/crates" "$name/crates-found" | paste -s -d ,)
  [ $(($(comm -12 "$name/crates" "$name/crates-found" | wc -l) * 100)) -ge $(($(wc -l < "$name/crates") * 95)) ] ||
    fail "$name: Syft finds none of these crates: $missing"
  jq --raw-output '.artifacts[] | select(.type == "nix") | "\(.name) \(.version)"' "$name/syft" | sort -u > "$name/packages-found"
  jq --raw-output '.components[] | select(.components and (.purl | test("^pkg:(cargo|generic)/") | not)) | "\(.name) \(.version)"' "$bom" | sort -u > "$name/packages"
  missing=$(comm -23 "$name/packages" "$name/packages-found" | paste -s -d ,)
  [ -z "$missing" ] || fail "$name: Syft finds none of these packages: $missing; it has $(paste -s -d , "$name/packages-found")"
  echo "$name: $(wc -l < "$name/found") files, $(wc -l < "$name/crates") crates, $(wc -l < "$name/packages") packages" >&2
done
[ -s nginx/packages ] || fail "the edge has no package of nixpkgs"
[ -s app/crates ] || fail "the service has no crate"

# What people ask.
sbom table "$sbom"/*.cdx.json > shown
grep --quiet 'actix-web ' shown || fail "the table has no actix-web"
sbom explain bin/nginx "$sbom"/*.cdx.json | grep --quiet 'of nginx ' || fail "nobody knows of which component bin/nginx is"
sbom explain libcrypto.so.3 "$sbom"/*.cdx.json | grep --quiet 'nginx needs openssl' || fail "nobody knows why libcrypto is there"
! sbom explain nothing/like/that "$sbom"/*.cdx.json 2> answer || fail "there is a file that is not there"
grep --quiet 'no file of .* ends in /nothing/like/that' answer || fail "$(cat answer)"
sbom diff "$sbom" "$sbom" | grep --count ': the same' | grep --quiet --line-regexp "${#images[@]}" || fail "an image differs from itself"
jq '(.components[] | select(.name == "serde") | .version) = "0.0.1" | (.components[] | select(.name == "serde") | .hashes[0].content) = "00"
  | (.metadata.component.properties[] | select(.name == "drydock:configuration").value) = "sha256:00"' "$sbom/app.cdx.json" > older.cdx.json
sbom diff older.cdx.json "$sbom/app.cdx.json" > answer
grep --quiet --extended-regexp '^  serde +0\.0\.1 ' answer || fail "the change of a version is not there: $(cat answer)"
sbom diff --markdown older.cdx.json "$sbom/app.cdx.json" | grep --quiet '^| serde | 0\.0\.1 | ' || fail "nor as Markdown"
