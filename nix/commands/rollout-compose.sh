# shellcheck shell=bash disable=SC2034,SC2154 # stack.sh, rolled-out.sh and replicas.sh assign and use what is not here
# `./drydock rollout` on Compose: new replicas beside the old ones, which end when the edge has
# answers of the new. What there is says where it stands, so that it can be stopped at any point:
# which containers there are, of which image, and whether the name that the edge asks DNS for is theirs.

service=$1 wish=$2 watch=$3 why=''
own "$project"
nginx=$(compose ps --status running --quiet nginx)
[ -n "$nginx" ] || fail "the stack '$project' of this folder does not run; ./drydock up starts it, and rollout replaces what runs"

# Where a service shares the edge's network, another container holds that.
holder=$(docker inspect "$nginx" | jq --raw-output '.[0].HostConfig.NetworkMode | ltrimstr("container:")')
[[ $holder =~ ^[0-9a-f]{64}$ ]] || holder=$nginx
networks=$(docker inspect "$holder" | jq --compact-output '[.[0].NetworkSettings.Networks | keys[]]')

stands() { # says how many replicas there are of which image
  look
  jq --raw-output --arg service "$service" '
    group_by([.called, .known, .state == "running"])
    | map("\(length) of \(.[0].called)" + if .[0].state != "running" then ", stopped" elif .[0].known then "" else ", not yet asked" end)
    | "\($service): \(join("; "))"' <<<"$replicas"
}
half_way() { # whether one rollout is not at its end
  begun=$(id_of "$(tag "$service" rollout)") || return 1
  [ "$(count begun)" -gt 0 ] && [ "$(count '(begun and .known) | not')" -gt 0 ]
}

if [ -z "$wish" ]; then
  for service in "${!programs[@]}"; do
    stands
    half_way || continue
    say "a rollout of $service is half-way; './drydock rollout $(of begun .called | head -n 1)' goes on, './drydock rollout --back $service' takes it back"
  done
  exit
fi

# One at a time; what a killed one has begun still ends.
exec {lock}<.
"$flock" --nonblock "$lock" || fail "another rollout of this folder's stack has not ended yet"
errors=$(mktemp)
trap 'rm -f "$errors" ${images_file:+"$images_file"}' EXIT
stopped() { # CODE
  say "stopped half-way: $(stands)"
  say "the same command goes on; './drydock rollout --back $service' takes it back"
  exit "$1"
}
trap 'stopped 130' INT
trap 'stopped 143' TERM

edge_log() { docker logs --timestamps --tail 5000 ${1:+--since "$1"} "$nginx" 2>/dev/null || :; }
docker logs --tail 1 "$nginx" >/dev/null 2>&1 ||
  fail "the edge's log, by which a rollout sees how the new replicas answer, cannot be read: $(docker logs --tail 1 "$nginx" 2>&1 | tail -n 1)"

# Makes all replicas those of an image, as many as there were. It ends with 1, and $why, where they
# cannot be; all that served before still does then, or is stopped and there.
replace() { # IMAGE SECONDS
  local id wanted missing code fresh
  target=$(id_of "$1") || { why="$1 is no longer among the engine's images"; return 1; }
  look
  # As ./up.sh has it; a plain `docker compose up` says nothing of it.
  unset APP_IMAGE_DIGEST
  [ "$(of .digest | wc -l)" = 0 ] || export APP_IMAGE_DIGEST=$target
  # Nobody has been sent to these.
  for id in $(of '(.known | not) and (new or begun)'); do docker rm --force "$id" >/dev/null; done
  look
  mapfile -t old < <(of 'new | not')
  mapfile -t new < <(of new)
  wanted=$((${#old[@]} > ${#new[@]} ? ${#old[@]} : ${#new[@]}))
  missing=$((wanted - ${#new[@]}))
  mapfile -t at < <(addresses 'new | not')
  tally
  [ ${#new[@]} = 0 ] || { docker start "${new[@]}" >/dev/null && prove 0 "${new[@]}"; } || return 1
  if [ "$missing" -gt 0 ]; then
    with_image "$service" "$1"
    compose up --quiet-pull --no-start --no-deps --no-recreate --scale "$service=$((${#old[@]} + wanted))" "$service" >/dev/null 2>"$errors" ||
      { why="Compose does not make the new replicas: $(tail -n 1 "$errors")"; return 1; }
    look
    mapfile -t fresh < <(of 'new and .state == "created"')
    for id in "${fresh[@]}"; do
      { hide "$id" && docker start "$id" >/dev/null; } 2>"$errors" || { why="a new replica does not start: $(tail -n 1 "$errors")"; return 1; }
    done
    say "$missing of $1 started beside the $(of '(new | not) and running' | wc -l) that $service has; no client gets to them yet"
    prove "$2" "${fresh[@]}" || return 1
    say "healthy for $2 s; clients get to them"
    tally
    remember "${at[@]}"
    is_alone
    for id in "${fresh[@]}"; do show "$id" 2>"$errors" || { why=${why:-a new replica cannot be let in: $(tail -n 1 "$errors")}; return 1; }; done
  fi
  look
  mapfile -t new < <(of new)
  mapfile -t at < <(addresses new)
  meet "${at[@]}" "$service"
  asks || return 1
  [ ${#old[@]} -gt 0 ] || return 0
  look_after "$2" || return 1
  say "the edge has answers of each; the $((${#old[@]})) before them drain"
  for id in "${old[@]}"; do
    # One that fails is not to fail for long.
    docker stop ${hurry:+-t "$hurry"} "$id" >/dev/null || { why="the engine does not stop ${id:0:12}"; return 1; }
    code=$(docker inspect --format '{{.State.ExitCode}}' "$id")
    [ "$code" = 0 ] || say "warning: an old replica ended with $code$([ "$code" != 137 ] || echo ', killed at the end of its grace')"
    # DNS forgets it in less.
    look_after 3 || return 1
  done
  look_after "$2" || return 1
  docker rm "${old[@]}" >/dev/null
}

reach
own_image=$(image_of "$service")
# What an image is called: as a container of it was told, else as the stack has it, else by its digest.
called() { # ID
  local name
  for name in $(of ".image == \"$1\"" .called) "$own_image" $(docker image inspect --format '{{join .RepoDigests "\n"}}' "$1" 2>/dev/null); do
    [ "$(id_of "$name" || :)" != "$1" ] || { echo "$name"; return; }
  done
  echo "$1"
}
untag() { docker image rm "$(tag "$service" "$1")" >/dev/null 2>&1 || :; } # rollout|before
# What runs now is what `up` leaves running, unless it is what the stack's own file says.
finish() { # IMAGE
  if [ "$1" = "$own_image" ]; then untag rollout; else docker tag "$1" "$(tag "$service" rollout)"; fi
  stands
}

# An image that fails costs what ran before nothing: that was kept.
try() { # IMAGE BEFORE SECONDS
  local reason
  hurry=
  if replace "$1" "$3"; then return; fi
  reason=$why
  say "$reason; going back to $2"
  hurry=3
  replace "$2" 0 || fail "$1 failed ($reason), and so did going back to $2 ($why); $(stands)"
  [ -z "$before_that" ] || docker tag "$before_that" "$(tag "$service" before)"
  [ -n "$before_that" ] || untag before
  finish "$2"
  fail "$1 was taken back, and $service runs $2, as before: $reason"
}

look
[ "$(count '.shared | length > 0')" = "$(count true)" ] || fail "$service shares no network with the edge, so that no name in DNS leads to it; ./drydock up replaces it"
going=false
half_way && going=true
before_that=$(id_of "$(tag "$service" before)") || before_that=
if [ "$wish" = back ]; then
  before=$before_that
  [ -n "$before" ] || fail "there is no rollout of $service to take back: it runs $(of true .called | sort -u | paste -s -d ' ')"
  target=$before
  before_that=
  # Replicas that have served before have nothing to prove.
  [ "$going" = false ] || watch=0
  try "$(called "$before")" "$(called "$(of 'new | not' .image | head -n 1)")" "$watch"
  finish "$(called "$before")"
  untag before
else
  fetch "$wish"
  target=$(id_of "$wish")
  if [ "$(count 'new and .known and running')" = "$(count true)" ]; then
    say "$service runs that image already"
    finish "$(called "$target")"
    exit
  fi
  before=$before_that
  [ "$going" = true ] || {
    before=$(of 'new | not' .image | head -n 1)
    docker tag "$before" "$(tag "$service" before)"
  }
  docker tag "$wish" "$(tag "$service" rollout)"
  try "$wish" "$(called "$before")" "$watch"
  finish "$wish"
fi
