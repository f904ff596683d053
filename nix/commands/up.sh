# shellcheck shell=bash disable=SC2154 # stack.sh assigns project and https, files.sh to, described.nix the rest
own "$project"
answer=$(mktemp)
trap 'rm -f "$answer" ${images_file:+"$images_file"}' EXIT
load_images
# The ACME client is built for who asks for it.
if [ -n "$(value DRYDOCK_ACME)" ]; then
  mapfile -t flags < <(printf '%s' "${DRYDOCK_NIX_FLAGS:-}")
  archive=$(nix build "${flags[@]}" --no-link --print-out-paths "${DRYDOCK_FLAKE:-.}#image-acme") ||
    fail "DRYDOCK_ACME is set, and .#image-acme, the client that it asks for, was not built, as the lines above say"
  docker load --quiet --input "$archive" >&2
fi

# What was rolled out runs on.
for service in "${!programs[@]}"; do
  rolled_out=$(id_of "$(tag "$service" rollout)") || continue
  images=$(images_of "$service")
  grep --quiet "^$rolled_out " <<<"$images" || continue
  ! grep --quiet --invert-match "^$rolled_out " <<<"$images" ||
    fail "a rollout of $service is half-way; ./drydock rollout says where it stands, and how it goes on or is taken back"
  image=$(sed -n '1s/^[^ ]* //p' <<<"$images")
  [ "$image" = "$(image_of "$service")" ] ||
    say "$service runs $image, which was rolled out, and not $(image_of "$service"); './drydock rollout --back $service' takes that back, and after './drydock down' it is forgotten"
  with_image "$service" "$image"
done

# No image can hold its own digest: this is what the engine calls it.
APP_IMAGE_DIGEST=$(id_of "$(image_of app)") || {
  compose pull --quiet app >&2 || fail "the engine has no image $(image_of app), and cannot get it, as the lines above say"
  APP_IMAGE_DIGEST=$(id_of "$(image_of app)")
}
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
  [ "$tries" -le $((5 * patience)) ] || failed
  running || failed
  sleep 0.2
done

# `tls` may have put another pair into the volume beside a running nginx; what `acme` puts there
# meanwhile is served soon, whatever was before.
tries=0
until seen=$(served) && [ -n "$seen" ]; do
  tries=$((tries + 1))
  [ "$tries" -le 150 ] || failed
  sleep 0.2
done
leaf=$(wanted) || failed
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
status=$(curl "${to[@]}" --silent --show-error --max-time 10 --insecure --output "$answer" --write-out '%{http_code}%header{proxy-status}' "$url") || failed
case $status in
  2??) say "$url answers:" ;;
  5??edge\;*) cat "$answer" >&2; say "$url answers with ${status%%edge*}, which is the edge's word for no answer of the service"; failed app ;;
  5??) say "$url answers with $status, which is the service's own word:"; hints app ;;
  *) say "$url answers with $status:" ;;
esac
# A page may be long, and so may its lines.
head -n 40 "$answer" | cut -c -200
