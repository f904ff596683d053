# shellcheck shell=bash disable=SC2154 # stack.sh assigns project and https, files.sh to, up.nix the rest
own "$project"
load_images

# No image can hold its own digest: this is what the engine calls it.
APP_IMAGE_DIGEST=$(docker image inspect --format '{{.Id}}' "$service")
export APP_IMAGE_DIGEST

failed() { # [SERVICE]
  local others
  if [ -n "$(compose ps --status running --quiet nginx)" ] &&
    [ "$(docker inspect --format '{{.State.ExitCode}}' "$(compose ps --all --quiet tls)")" != 0 ]; then
    compose logs --no-color --no-log-prefix --tail 1 tls | printable >&2
    fail "the pair in nginx/tls was not taken, as the line above says; nginx serves the certificate that it had"
  fi
  compose logs --no-color --tail 20 | printable >&2
  hints "$@"
  others=$(docker ps --filter "label=com.docker.compose.project.working_dir=$(pwd -P)" \
    --format '{{.Label "com.docker.compose.project"}}' | sort -u | sed "/^$project\$/d" | paste -s -d ' ')
  [ -z "$others" ] ||
    say "other stacks of this folder run: $others (docker compose --project-name NAME down stops one)"
  say "DRYDOCK_HTTP_PORT and DRYDOCK_HTTPS_PORT move this one's ports, if one is taken"
  fail "the stack '$project' did not start; the lines above say why"
}

running() {
  local service
  for service in "${!programs[@]}"; do
    [ -n "$(compose ps --status running --quiet "$service")" ] || return 1
  done
}

compose up --detach >&2 || failed

# Where nginx is in the network of the app, it starts first.
tries=0
until healthy; do
  tries=$((tries + 1))
  [ "$tries" -le 300 ] || failed
  running || failed
  sleep 0.2
done

# `tls` may have put another pair into the volume beside a running nginx.
leaf=$(wanted) || failed
tries=0
until seen=$(served) && [ -n "$seen" ]; do
  tries=$((tries + 1))
  [ "$tries" -le 150 ] || failed
  sleep 0.2
done
if [ "$seen" != "$leaf" ]; then
  serve "$leaf"
  say "the new certificate is served (expires $(expires "$leaf"))"
fi

# What the pair lacks, and nginx does not need: it went by in the log of `tls`, which goes on
# from run to run. The last run says how many lines are its own.
log=$(docker logs "$(compose ps --all --quiet tls)" 2>&1) || log=
verdict='^keypair: (handed over|unchanged|(made|kept) a development pair)( with ([0-9]+) warnings?)?: .*'
count=$(sed -n -E "s/$verdict/\4/p" <<<"$log" | tail -n 1)
[ -z "$count" ] || sed -n 's/^keypair: warning:/drydock: warning:/p' <<<"$log" | tail -n "$count" >&2

# Whoever does not answer is asked once more below.
found "$https" || :
url=https://localhost:$https/
[ "$https" != 443 ] || url=https://localhost/
# It has the certificate that is in the volume, as was just seen; it need not be one that
# this machine trusts.
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
status=$(curl "${to[@]}" --silent --show-error --max-time 10 --insecure --output "$answer" --write-out '%{http_code}' "$url") || failed
case $status in
  2??) say "$url answers:" ;;
  5??) cat "$answer" >&2; say "$url answers with $status"; failed app ;;
  *) say "$url answers with $status:" ;;
esac
# A page may be long, and so may its lines.
head -n 40 "$answer" | cut -c -200
