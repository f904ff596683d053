# shellcheck shell=bash disable=SC2154 # stack.sh assigns project and https, files.sh the rest
# What runs here, on one screen. The exit code says it in short: 0 that all is well; 1 that it cannot
# be told; 3, as LSB has it for a service, that nothing runs; 4 that something is wrong, which a line
# with "!" says; 5 that all is well, with other images than this folder's sources make.
own "$project"
wrong='' others=''
bad() { echo "  ! $*"; wrong=yes; }

images() { # SERVICE: what is built for it
  [ -n "${made[$repository/$1]:-}" ] && echo "$repository/$1" || echo "$repository/nginx"
}

container() { # SERVICE ID
  local state since health image id restarts code
  IFS='|' read -r state since health image id restarts code < <(docker inspect --format \
    '{{.State.Status}}|{{.State.StartedAt}}|{{with .State.Health}}{{.Status}}{{end}}|{{.Config.Image}}|{{.Image}}|{{.RestartCount}}|{{.State.ExitCode}}' "$2")
  since=$(date --utc --date "$since" '+%F %T UTC')
  case $1:$state in
    tls:exited)
      echo "$1: ended with $code, began $since"
      [ "$code" = 0 ] || bad "it has not taken the pair in nginx/tls: docker compose logs tls says why"
      return
      ;;
    *:running) echo "$1: runs since $since${health:+, $health}$([ "$restarts" = 0 ] || echo ", restarted $restarts times")" ;;
    *) bad "$1: $state${code:+ with $code}, began $since" ;;
  esac
  [ -z "$health" ] || [ "$health" = healthy ] || [ "$state" != running ] || bad "$1 is $health"
  echo "  $image $id"
  # The ACME client is built for who asks for it, and no part of what this folder's sources are.
  [ "$1" != acme ] || return 0
  if docker image inspect "$id" 2>/dev/null | is_made "$(images "$1")"; then
    echo "  as this folder's sources make it"
  elif [ "$(id_of "$(tag "$1" rollout)")" = "$id" ]; then
    echo "  it was rolled out; './drydock rollout --back $1' takes it back"
    others=yes
  else
    echo "  another one than this folder's sources make; ./drydock up replaces it"
    others=yes
  fi
}

[ -n "$(compose ps --all --quiet)" ] || {
  echo "the stack '$project' does not run; ./drydock up starts it"
  exit 3
}
address=https://$place:$https/
echo "the stack '$project' of $PWD, at $address"
for service in $(printf '%s\n' "${!programs[@]}" | sort) nginx tls $([ -z "$(value DRYDOCK_ACME)" ] || echo acme); do
  all=$(compose ps --all --quiet "$service")
  [ -n "$all" ] || bad "$service: there is none"
  for id in $all; do container "$service" "$id"; done
done

leaf=$(served)
if [ -z "$leaf" ]; then
  bad "certificate: none is served on port $https"
else
  names=$(openssl x509 -noout -ext subjectAltName <<<"$leaf" | sed -n '2s/^ *//p')
  days=$((($(date --date "$(expires "$leaf")" +%s) - $(date +%s)) / 86400))
  echo "certificate: ${names:-no name}; $days days left, until $(expires "$leaf")"
  openssl x509 -noout -checkend 0 <<<"$leaf" >/dev/null || bad "it has expired"
  [ "$leaf" = "$(wanted || :)" ] || bad "another one is in the volume; ./drydock reload-tls serves it"
fi

# What is asked is the edge, which says 502 for a service that is gone.
status=$(curl "${to[@]}" --silent --max-time 10 --insecure --output /dev/null --write-out '%{http_code}' "https://localhost:$https/") || :
echo "answer: ${status/#000/none}"
[[ $status == [234]?? ]] || bad "$address does not answer as it should"

echo "last errors:"
{
  compose cp nginx:/var/log/nginx/error.log - 2>/dev/null | tar -xO 2>/dev/null | tail -n 3 || :
  for service in "${!programs[@]}"; do
    compose logs --no-color --tail 1000 "$service" 2>/dev/null |
      grep -E ' ERROR |"level":"error"|panicked at|^[^|]*\| *(Error|error|fatal|FATAL)\b' | tail -n 3 || :
  done
} | printable | cut -c -200 | sed 's/^/  /' | grep . || echo "  none"

[ -z "$wrong" ] || exit 4
[ -z "$others" ] || exit 5
