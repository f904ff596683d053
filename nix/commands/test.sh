# shellcheck shell=bash disable=SC2154 # test.nix assigns what is not assigned here
say() { echo "drydock: $*" >&2; }
cd "${DRYDOCK_ROOT:-$PWD}" || exit
[ $# = 0 ] || { say "error: 'test' takes no arguments; there is: $*"; exit 2; }
drydock-engine
load_images
unset COMPOSE_FILE COMPOSE_PATH_SEPARATOR COMPOSE_PROFILES

# A stack of its own, with ports that the engine chooses and a pair of its own; what the team has
# on top of its stack, a database for example, is there as well.
project=drydock-test-$$
folder=$(mktemp -d)
sed 's|- ".{DRYDOCK_ADDRESS[^"]*:\([0-9]*/...\)"|- "0:\1"|; s|- \./nginx/tls:/from:ro,z|- tls-none:/from:ro|; s/^  tls: {}$/&\n  tls-none: {}/' "$rendered" >"$folder/compose.yaml"
choose_files
# In the place of the stack as it is in the folder.
if [ "${files[0]}" = --file ]; then
  files=(--project-directory . --file "$folder/compose.yaml" "${files[@]:2}")
else
  files[3]=$folder/compose.yaml
fi
compose() { docker-compose --project-name "$project" "${files[@]}" "$@"; }
clean() {
  compose down --volumes --remove-orphans --timeout 1 >/dev/null 2>&1 || :
  rm -rf "$folder"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

service=
report() {
  compose logs --no-color --tail 30 2>/dev/null | LC_ALL=C sed 's/[^[:print:]\t]/?/g' >&2 || :
  say "error: $*"
}
fail() {
  report "$@"
  hints ${service:+"$service"} || :
  exit 1
}
passed() { echo "test: $* ... ok"; }

compose up --detach >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "the stack does not start"; }
state() { docker inspect --format "$2" "$(compose ps --all --quiet "$1" | head -n 1)"; } # SERVICE FORMAT
tries=0
for service in "${!programs[@]}"; do
  name=${programs[$service]}
  until healthy "$service"; do
    tries=$((tries + 1))
    [ "$tries" -le $((5 * patience)) ] || fail "$name is not healthy after $patience seconds: $(state "$service" '{{with .State.Health}}{{range .Log}}{{.Output}}{{end}}{{end}}')"
    [ "$(state "$service" '{{.State.Running}} {{.RestartCount}}')" = "true 0" ] || fail "$name does not stay up"
    sleep 0.2
  done
  passed "$name starts, and is healthy"
done

# Where the service shares the edge's network, another container holds that.
published() { { compose port network "$1" 2>/dev/null || compose port nginx "$1"; } | sed 's/.*://'; } # PORT
http=$(published 80) https=$(published 443)
mkdir "$folder/tls"
compose cp nginx:/etc/nginx/tls/ca.crt "$folder/tls/ca.crt" >/dev/null 2>&1
ask() { curl --silent --show-error --max-time 30 --cacert "$folder/tls/ca.crt" --output "$folder/body" --write-out '%{http_code} %{http_version} %header{proxy-status}' "$@"; }
answers() { # WHAT VERSION CURL-ARGUMENT...
  local answer status version whose
  answer=$(ask "${@:3}") || fail "$1: no answer"
  read -r status version whose <<<"$answer"
  case $whose$status in
    edge\;error=connection_terminated*) fail "$1: $name closes the connection with no answer, or half of one ($status), as one does that panics" ;;
    edge\;*) fail "$1: the edge has no answer of $name ($status), which answers within its container: where it listens at 127.0.0.1 alone, the setting is listen = \"loopback\"; else it listens at port ${ports[$service]} of all addresses" ;;
    5*) fail "$1: $name answers with $status; the setting ready names a path where it answers well, as ready = \"/health\"" ;;
  esac
  [ "$version" = "$2" ] || fail "$1: the answer is HTTP/$version"
  passed "$1: $status"
}
# Whoever does not answer is asked once more.
found "$https" || :
for service in "${!programs[@]}"; do
  name=${programs[$service]} place=${hosts[$service]#localhost}${paths[$service]}
  place=${place#/}
  for version in 1.1 2; do
    answers "${place:+$place }over HTTP/$version" "$version" --http"$version" --header "Host: ${hosts[$service]}" "https://localhost:$https${paths[$service]}"
  done
done
service=
[ "$(ask "http://localhost:$http/")" = "301 1.1 " ] || fail "port 80 does not lead to https"
passed "port 80 leads to https"

for service in "${!programs[@]}"; do
  name=${programs[$service]} signal=${signals[$service]}
  compose stop "$service" >/dev/null 2>&1
  code=$(state "$service" '{{.State.ExitCode}}')
  case $code in
    0) passed "$name ends with 0 at $signal" ;;
    137)
      report "$name does not end at $signal, and was killed; as the first process of a container it has to handle that signal"
      looked_at "$service" || :
      ;;
    *) report "$name ends with $code at $signal; an orderly end is 0" ;;
  esac
  [ "$code" = 0 ] || exit 1
done
