# shellcheck shell=bash disable=SC2154,SC2034 # ci-test.sh assigns what is used, and uses head
# What `drydock-seen` leaves a record of.

printf '#!/bin/sh\n[ "$*" = "version --format {{.Server.Version}}" ] && echo 29.1.3\n' > "$scratch/bin/docker"
chmod +x "$scratch/bin/docker"
# shellcheck disable=SC2016
printf '%s\n' '# Page' '<!-- `nix run .#seen` writes the next line, of what docs/seen records. -->' old rest > README.md
jq --null-input '{type: "github", owner: "ipetkov", repo: "crane"} as $crane | {
  version: 7, root: "root",
  nodes: {
    root: {inputs: {crane: "crane"}},
    crane: {locked: ($crane + {rev: "2c71e194474d13de031d729b729c968ddbe3507f", narHash: "sha256-MPaRdVkf6zZP5fCPxYCi8Dr4pZzgmXzg8T9nVEbp3Mw="}), original: $crane}
  }
}' > flake.lock
git add README.md flake.lock
head=$(commit pins)
mkdir "$scratch/log"
printf '%s\n' '18 passed, 0 failed' > "$scratch/log/changes"
printf 'test result: ok. %s passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n' 64 7 > "$scratch/log/containers"
printf 'Count: %s, Failed: 0, Skipped: 0\n' 12 5 > "$scratch/log/goss"
seen() {
  code=0
  DRYDOCK_ROOT=$PWD DRYDOCK_NIX_FLAGS="" drydock-seen "$@" > "$scratch/output" 2>&1 || code=$?
}
seen record "$scratch/log"
[ "$code" = 0 ] || wrong "it ends with $code"
cat > "$scratch/expected" <<RECORD
revision = "$head"
nix = "$(nix --version | sed 's/.* //')"
engine = "29.1.3"

[pins]
crane = "2c71e194474d13de031d729b729c968ddbe3507f"

[passed]
checks = 3
changes = 18
containers = 71
goss = 17
RECORD
grep -v '^#' "docs/seen/$system.toml" | diff "$scratch/expected" - >> "$scratch/wrong" || :
[ "$(sed -n 4p README.md)" = rest ] || wrong "it overwrites more than its line"
# shellcheck disable=SC2016
[ "$(sed -n 3p README.md)" = '`./drydock test` has passed with the pinned inputs on '"$system [at ${head:0:12}](docs/seen/$system.toml), with Nix $(nix --version | sed 's/.* //') and Docker Engine 29.1.3." ] ||
  wrong "README.md says: $(sed -n 3p README.md)"
result "a run that passed leaves a record, and README.md cites it"

cp "docs/seen/$system.toml" "$scratch/before"
echo '# edited' >> flake.nix
seen record "$scratch/log"
grep --quiet 'the folder has edits that no revision has' "$scratch/output" || wrong "it does not say why not"
cmp "$scratch/before" "docs/seen/$system.toml" >> "$scratch/wrong" 2>&1 || :
git checkout --quiet flake.nix
result "edits that no revision has: no record"

sed -i '/^Count/d' "$scratch/log/goss"
seen record "$scratch/log"
[ "$code" = 1 ] || wrong "it ends with $code"
grep --quiet '^goss = null$' "$scratch/output" || wrong "it does not name the part"
cmp "$scratch/before" "docs/seen/$system.toml" >> "$scratch/wrong" 2>&1 || :
result "a part that ran no test: no record"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
