# shellcheck shell=bash disable=SC2154,SC2034 # others assign rendered, repository and programs, and use files
# Which files make the stack of the current folder, as a plain `docker compose` reads them there.

first() { # FILE...: prints the first that is there
  local file
  for file; do
    [ ! -e "$file" ] || { echo "$file"; return; }
  done
}

# Sets $mine to the compose file of the folder, and $files to Compose's arguments: that file, if it
# has this stack, else the rendered one with that on top, which is of a database for example.
choose_files() {
  local override
  mine=$(first compose.yaml compose.yml docker-compose.yaml docker-compose.yml)
  if [ -n "$mine" ] && grep -q "image: *$repository/nginx:" "$mine"; then
    files=(--file "$mine")
  else
    files=(--project-directory . --file "$rendered")
    [ -z "$mine" ] || files+=(--file "$mine")
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

# Awaits that the edge, which asks DNS for them as it starts, has found each service.
# shellcheck disable=SC2329 # likewise
found() { # PORT
  local service status end=$((SECONDS + 15))
  for service in "${!programs[@]}"; do
    until status=$(curl --silent --insecure --max-time 5 --output /dev/null --write-out '%{http_code}' \
      --header "Host: ${hosts[$service]}" "https://localhost:$1${paths[$service]}") && [[ $status != 50[24] ]]; do
      [ "$SECONDS" -lt "$end" ] || return 1
      sleep 0.2
    done
  done
}

# Says, for each service that is not healthy, which setting may help.
# shellcheck disable=SC2329 # likewise
hints() {
  local service
  for service in "${!programs[@]}"; do
    healthy "$service" ||
      compose logs --no-color --no-log-prefix --tail 50 "$service" 2>/dev/null | bash "$hint" "${programs[$service]}" - /dev/stdin >&2
  done
}
