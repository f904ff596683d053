# shellcheck shell=bash disable=SC2154 # engine.nix assigns what stands in no assignment here
# `drydock-engine` sees that a Docker engine answers, and that it is new enough; every command
# that needs one begins with it. `drydock-engine start` starts one where none answers: that is
# what `./drydock engine` runs, once it has asked.

say() { echo "drydock: $*" >&2; }
fail() { say "error: $*"; exit 1; }
version_at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; } # WANTED FOUND

update="update it (https://docs.docker.com/engine/install/), or let DOCKER_HOST or a context name another"

# Returns 0 when an engine answers that is new enough, and 1 when there is none on this
# machine. Whatever else is wrong ends with the client's own words and a sentence.
engine_answers() {
  local words status=0 endpoint named socket=/var/run/docker.sock
  words=$(timeout 10 docker version --format '{{.Server.APIVersion}} {{.Server.Version}}' 2>&1) || status=$?
  if [ "$status" = 0 ]; then
    # Warnings of the client come first.
    words=${words##*$'\n'}
    version_at_least "$oldest_api" "${words%% *}" ||
      fail "the Docker engine is ${words#* }; Engine $oldest_engine is the oldest that will do: $update"
    return 0
  fi
  # Newer clients do not talk to it at all.
  [[ $words != *"is too new. Maximum supported API version is"* ]] ||
    fail "the Docker engine speaks API ${words##*API version is }; Engine $oldest_engine (API $oldest_api) is the oldest that will do: $update"

  endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) || endpoint=
  if [ -n "${DOCKER_HOST:-}" ] || [ "$endpoint" != "unix://$socket" ]; then
    [ "$status" != 124 ] || words="it did not answer within 10 seconds"
    echo "$words" >&2
    named="DOCKER_HOST (${DOCKER_HOST:-})"
    [ -n "${DOCKER_HOST:-}" ] || named="the client's context${endpoint:+ ($endpoint)}"
    fail "the Docker engine that $named names cannot be used, as the line above says; no other one was tried or started"
  fi
  [ "$status" != 124 ] || fail "something listens at $socket, and did not answer within 10 seconds; restart the Docker engine"
  if [ -e "$socket" ] && [ ! -w "$socket" ]; then
    echo "$words" >&2
    fail "$(id -un) may not use the Docker engine; root may, and so may members of the group that $socket belongs to ($(stat -c %G "$socket"))"
  fi
  case $words in
    *"the docker daemon running"* | *"the daemon is running"*) return 1 ;;
  esac
  echo "$words" >&2
  fail "the Docker engine at $socket cannot be used, as the line above says"
}

# Prints the version of a program that may be the engine: "Docker version 28.5.2, build …".
version_of() { "$@" --version 2>/dev/null | sed -n 's/^Docker version \([0-9.]*\).*/\1/p'; }

start() {
  local log tries=0 daemon=(dockerd) folder=/ found pid=
  log=${XDG_CACHE_HOME:-$HOME/.cache}/drydock/dockerd.log
  mkdir -p "${log%/*}"
  if [ -d /run/systemd/system ] && systemctl cat docker.service >/dev/null 2>&1; then
    say "starting this machine's service docker"
    systemctl start docker.service || fail "systemctl could not start it; journalctl -u docker says why"
    log="journalctl -u docker"
  else
    found=$(version_of dockerd || true)
    if ! version_at_least "$oldest_engine" "${found:-0}"; then
      [ -z "$found" ] || say "this machine's dockerd is $found, and $oldest_engine is the oldest that will do"
      # Flags that the caller gives every nix command, one a line.
      mapfile -t flags < <(printf '%s' "${DRYDOCK_NIX_FLAGS:-}")
      daemon=(nix run "${flags[@]}" "${DRYDOCK_FLAKE:-.}#dockerd" --)
      # Not every folder's name can be a part of a flake's.
      [ -n "${DRYDOCK_FLAKE:-}" ] || folder=.
      # Whatever has to be fetched or built for it is so before the time runs.
      found=$(version_of "${daemon[@]}" || true)
      [ -n "$found" ] || fail "the pinned Docker engine does not start; ${daemon[*]} --version may say why"
    fi
    say "starting Docker Engine $found; its log is $log"
    # It outlives this command, so it gets neither its locks nor its terminal, nor its folder:
    # an engine whose folder was removed makes no more networks.
    (
      for file in /proc/"$BASHPID"/fd/*; do [ "${file##*/}" -le 2 ] || eval "exec ${file##*/}>&-"; done
      exec </dev/null >"$log" 2>&1
      cd "$folder" || exit
      exec "$busybox" setsid "${daemon[@]}"
    ) &
    pid=$!
  fi
  until engine_answers; do
    tries=$((tries + 1))
    [ "$tries" -le 150 ] || fail "the Docker engine did not answer within 30 seconds; see $log"
    [ -z "$pid" ] || kill -0 "$pid" 2>/dev/null || {
      tail -n 3 "$log" >&2
      fail "the Docker engine ended at once, as the lines above say; its log is $log"
    }
    sleep 0.2
  done
}

case ${1:-} in
  '' | start) ;;
  *) fail "'$1' is unknown; it may be 'start' or nothing" ;;
esac
engine_answers && exit 0
[ "$(id -u)" = 0 ] ||
  fail "no Docker engine answers; start yours, or call ./drydock engine as root, or install one: https://docs.docker.com/engine/install/"
if [ "${1:-}" = start ]; then
  start
elif [ -n "${DRYDOCK_DOOR:-}" ]; then
  # The front door asks first.
  exec "$DRYDOCK_DOOR" engine
else
  fail "no Docker engine answers; ./drydock engine starts one"
fi
