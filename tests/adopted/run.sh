#!/usr/bin/env bash
# Services of other repositories, as an adopter has them: each is built, started, asked through
# its edge, stopped, and edited live, by the front door's own commands in a folder of its own.
#
# usage: tests/adopted/run.sh NAME...
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
unset DRYDOCK_ROOT DRYDOCK_FOLDER DRYDOCK_NIX_FLAGS DRYDOCK_FLAKE CARGO_TARGET_DIR

fail() {
  echo "adopted: $name: $* ... FAILED"
  tail -n 60 "$scratch/log" | sed 's/^/    /'
  exit 1
}
passed() { echo "adopted: $name: $* ... ok"; }
door() { "$root/drydock" -y "$@"; }
free() { # Prints a port that nobody listens at, below those that Linux gives to connections.
  local port
  while port=$((RANDOM % 20000 + 10000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}
ask() { curl --silent --show-error --insecure --max-time 10 "$@"; } # CURL-ARGUMENT...
until_it() { # TRIES COMMAND...: awaits that it succeeds.
  local tries=0
  until "${@:2}"; do
    tries=$((tries + 1))
    [ "$tries" -lt "$1" ] || return 1
    sleep 0.2
  done
}

# What each is: the lines of lib.service besides src; a URL's path; a text that an edit of a file
# changes, and whether the edge's answer shows it.
lines='' path=/ file=src/main.rs from='' to=''
example() { here "examples/$1"; } # NAME
here() { # FOLDER of this repository, with a flake of its own.
  mkdir "$folder"
  (cd "$root/$1" && git ls-files -z . | xargs -0 cp --parents --target-directory "$folder")
  sed -i "s|github:OWNER/drydock|path:$root|" "$folder/flake.nix"
}
published() { # NAME VERSION: a crate as its authors have published it.
  mkdir -p "$scratch/fetch/src"
  printf '[package]\nname = "fetch"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n[dependencies]\n%s = "=%s"\n' "$1" "$2" >"$scratch/fetch/Cargo.toml"
  : >"$scratch/fetch/src/lib.rs"
  # A crate without a library is fetched all the same, with a warning.
  (cd "$scratch/fetch" && cargo fetch) >"$scratch/log" 2>&1 || fail "it cannot be fetched"
  cp -R "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$1-$2" "$folder"
  chmod -R u+w "$folder"
  cat >"$folder/flake.nix" <<FLAKE
{
  inputs.drydock.url = "path:$root";
  outputs = { self, drydock }: drydock.lib.service {
    src = self;
    $lines
  };
}
FLAKE
}

chat() {
  from='<h1>Chat</h1>' to='<h1>Talk</h1>' file=src/page.html
  example chat
}
chat_asked() {
  local status
  # A handshake has no end of its own.
  status=$(curl --silent --insecure --http1.1 --max-time 2 --output /dev/null --write-out '%{http_code}' \
    --header 'Connection: Upgrade' --header 'Upgrade: websocket' --header 'Sec-WebSocket-Version: 13' \
    --header 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$url/room" || :)
  [ "$status" = 101 ] || fail "a WebSocket is answered with $status"
  passed "a WebSocket passes"
}
notes() {
  from='POST a note' to='Post a note'
  export NOTES_FILE=notes.db
  example notes
}
notes_asked() {
  ask --data text=kept "$url/notes" >/dev/null
  docker restart "$(docker ps --quiet --filter "label=com.docker.compose.project=${folder##*/}" --filter label=com.docker.compose.service=app)" >/dev/null
  # shellcheck disable=SC2329 # until_it calls it
  kept() { ask "$url/notes" 2>/dev/null | grep -q '"text":"kept"'; }
  until_it 100 kept || fail "a note does not outlive a restart"
  passed "a note outlives a restart"
}
hello() {
  from='<h1>Hello</h1>' to='<h1>Good day</h1>' file=src/page.html
  # As whoever has no crate yet begins.
  mkdir "$folder"
  (cd "$folder" && door nix flake init --template "path:$root#service") >"$scratch/log" 2>&1 || fail "the template"
  sed -i "s|github:OWNER/drydock|path:$root|" "$folder/flake.nix"
}
hello_asked() {
  ask "$url/greeting" | grep -q '{"greeting":"Hello, ' || fail "its greeting does not answer"
  passed "a greeting"
}
pair() {
  from='<h1>Now</h1>' to='<h1>The time</h1>' file=web/src/page.html
  example pair
}
pair_asked() {
  ask "$url/api/now" | grep -q 'seconds since 1970' || fail "the second service does not answer"
  [ "$(ask --output /dev/null --write-out '%{http_code}' "$url/apis")" = 404 ] || fail "another path goes to the second service"
  passed "two services answer, each at its path"
}
postgres() {
  from='a catalogue' to='the catalogue'
  here tests/adopted/postgres
}
postgres_asked() {
  ask "$url/database" | grep -q 'Connection refused' || fail "libpq does not say that nobody listens"
  passed "libpq works"
}
miniserve() {
  lines='arguments = [ "." ]; files = [ ];'
  from='content="dark light"' to='content="light dark"' file=src/renderer.rs
  published miniserve 0.31.0
}
rustypaste() {
  # shellcheck disable=SC2089 # it is text
  lines='port = 8000; listen = "loopback"; files = [ "config.toml" ]; writable = [ "/build/source/upload" ];'
  path=/none from='file is not found or expired' to='there is no such file' file=src/server.rs
  published rustypaste 0.16.1
  # Its authors keep theirs out of what they publish.
  cat >"$folder/config.toml" <<'CONFIG'
[server]
address = "127.0.0.1:8000"
max_content_length = "10MB"
upload_path = "./upload"
timeout = "30s"
[paste]
default_extension = "txt"
CONFIG
}
rustypaste_asked() {
  local paste
  paste=$(ask --form file=@"$folder/config.toml" "$url/")
  ask "$url/${paste##*/}" | cmp -s - "$folder/config.toml" || fail "what was uploaded is not there: $paste"
  passed "an upload is there"
}

adopted() ( # NAME
  name=$1 loop=''
  # shellcheck disable=SC2329 # the trap calls it
  stop() {
    [ -z "$loop" ] || { kill "$loop" 2>/dev/null && wait "$loop" || :; }
    (cd "$folder" && door down) >/dev/null 2>&1 || :
  }
  # Compose calls the stack after it.
  folder=$scratch/drydock-test-$name-$$
  "$name"
  trap stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  cd "$folder"
  git init --quiet
  git add --all
  DRYDOCK_HTTP_PORT=$(free) DRYDOCK_HTTPS_PORT=$(free)
  export DRYDOCK_HTTP_PORT DRYDOCK_HTTPS_PORT
  url=https://localhost:$DRYDOCK_HTTPS_PORT

  door nix run .#test >"$scratch/log" 2>&1 || fail "the stack as shipped"
  grep -q "ends with 0 at SIGTERM ... ok" "$scratch/log" || fail "it ends"
  passed "the stack as shipped is asked, and ends with 0"
  door up >"$scratch/log" 2>&1 || fail "up"
  ask "$url$path" | grep -qF -- "$from" || fail "its answer has not '$from'"
  passed "up, and its answer"
  [ "$(type -t "${name}_asked")" != function ] || "${name}_asked"
  door down >"$scratch/log" 2>&1 || fail "down"

  "$root/drydock" -y dev --host >"$scratch/log" 2>&1 &
  loop=$!
  # shellcheck disable=SC2329 # until_it calls these
  logged() { grep -qF -- "$1" "$scratch/log" || ! kill -0 "$loop" 2>/dev/null; }
  until_it 3000 logged "$url/ answers, after"
  kill -0 "$loop" || fail "the loop does not start"
  grep -qF -- "$from" "$file" || fail "$file has not '$from'"
  sed -i "s|$from|$to|" "$file"
  until_it 3000 logged "the new program answers" || fail "an edit is not taken"
  ask "$url$path" | grep -qF -- "$to" || fail "the edit is not served"
  passed "an edit is served: $(sed -n 's/^dev: \(the new program answers.*\)/\1/p' "$scratch/log" | head -n 1)"
  kill -TERM "$loop"
  wait "$loop" || fail "the loop ends with $?"
  loop=''
  passed "the loop ends"
)

[ $# -gt 0 ] || { echo "usage: $0 NAME...; there are chat, hello, notes, pair, postgres, miniserve, rustypaste" >&2; exit 2; }
for each; do adopted "$each"; done
