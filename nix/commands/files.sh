# shellcheck shell=bash disable=SC2154,SC2034 # others assign rendered, repository and programs, and use files
# Which files make the stack of the current folder, as a plain `docker compose` reads them there.

first() { # FILE...: prints the first that is there
  local file
  for file; do
    [ ! -e "$file" ] || { echo "$file"; return; }
  done
}

# Sets $mine to the compose file of the folder, and $files to Compose's arguments: that file, if it
# has this stack, with loaded images or with those of a registry, else the rendered one. What is made to be on top of it is: a database, for example.
# A file that stands by itself is of another stack, and is left alone.
choose_files() {
  local override
  mine=$(first compose.yaml compose.yml docker-compose.yaml docker-compose.yml)
  if [ -n "$mine" ] && grep -qE "image: *($repository/nginx:|.*/nginx@sha256:)" "$mine"; then
    files=(--file "$mine")
  else
    files=(--project-directory . --file "$rendered")
    if [ -n "$mine" ] && docker-compose --file "$mine" config --quiet >/dev/null 2>&1; then
      say "$mine is a stack of its own, and not read; compose.override.yaml is what lies on top of the one here"
    elif [ -n "$mine" ]; then
      files+=(--file "$mine")
    fi
  fi
  override=$(first compose.override.yaml compose.override.yml docker-compose.override.yaml docker-compose.override.yml)
  [ -z "$override" ] || files+=(--file "$override")
}

# Whether all containers of a service, or of each, are healthy; one that has none is not.
# shellcheck disable=SC2329 # a command may wait for nothing
healthy() { # [SERVICE]
  local service states
  [ $# -gt 0 ] || set -- "${!programs[@]}"
  for service; do
    # shellcheck disable=SC2046 # an id for each
    states=$(docker inspect --format '{{with .State.Health}}{{.Status}}{{else}}healthy{{end}}' $(compose ps --quiet "$service") 2>/dev/null) || return 1
    [ -n "$states" ] || return 1
    ! grep -qvx healthy <<<"$states" || return 1
  done
}

# Who asks the stack asks where it is published.
place=localhost to=()
# shellcheck disable=SC2034,SC2329 # others use it
at() { # ADDRESS
  case $1 in
    "" | 0.0.0.0 | "[::]") ;;
    *) place=$1 to=(--connect-to "::$1:") ;;
  esac
}

# Awaits that the edge, which asks DNS for them as it starts, has found each service.
# shellcheck disable=SC2329 # likewise
found() { # PORT
  local service whose end=$((SECONDS + 15))
  for service in "${!programs[@]}"; do
    until whose=$(curl "${to[@]}" --silent --insecure --max-time 5 --output /dev/null --write-out '%header{proxy-status}' \
      --header "Host: ${hosts[$service]}" "https://localhost:$1${paths[$service]}") && [[ $whose != edge\;* ]]; do
      [ "$SECONDS" -lt "$end" ] || return 1
      sleep 0.2
    done
  done
}

# Says which settings may help the services that are not healthy, or else the one that is asked at
# present, by what a program asks the system for as it starts, which is tried now; else by what it wrote.
# shellcheck disable=SC2329 # likewise
hints() { # [SERVICE]
  local ailing=() one
  for one in "${!programs[@]}"; do
    healthy "$one" || ailing+=("$one")
  done
  [ ${#ailing[@]} -gt 0 ] || ailing=("$@")
  for one in "${ailing[@]}"; do
    if starved "$one"; then
      say "${programs[$one]} was killed for asking for more memory than its container may have; the setting memory says how much that is, as memory = \"1g\""
      continue
    fi
    looked_at "$one" ||
      compose logs --no-color --no-log-prefix --tail 50 "$one" 2>/dev/null | bash "$hint" "${programs[$one]}" /dev/stdin >&2
  done
}

# Whether the kernel has killed it for want of memory; the engine forgets that as it begins it anew,
# which it waits with the longer, the more often it has.
# shellcheck disable=SC2329 # likewise
starved() { # SERVICE
  local id tries=0
  id=$(compose ps --all --quiet "$1" | head -n 1)
  until [ "$(docker inspect --format '{{.State.OOMKilled}}' "$id" 2>/dev/null)" = true ]; do
    tries=$((tries + 1))
    [ "$tries" -le 10 ] || return 1
    sleep 0.2
  done
}

# Whether that has a sentence.
# shellcheck disable=SC2329 # likewise
looked_at() { # SERVICE
  local flags seen
  mapfile -t flags < <(printf '%s' "${DRYDOCK_NIX_FLAGS:-}")
  say "looking at how ${programs[$1]} starts"
  seen=$(nix build "${flags[@]}" --no-link --print-out-paths "${DRYDOCK_FLAKE:-.}#app.starting.$1" 2>/dev/null) || return 1
  cat "$seen" >&2
  # How it ends is not why it does not start.
  grep --quiet --invert-match 'the setting is stop' "$seen"
}
