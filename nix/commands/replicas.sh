# shellcheck shell=bash disable=SC2034,SC2154 # rollout-compose.sh assigns what is not assigned here, and uses what is
# The replicas of a service on Compose: which there are, whether they are well, and whether DNS, and
# so the edge, has the service's name for them.

# The replicas of the service. `known`: DNS has the service's name for it, when it runs.
replicas='[]'
look() {
  local ids
  mapfile -t ids < <(containers_of "$service")
  replicas=$([ ${#ids[@]} = 0 ] || docker inspect "${ids[@]}" | jq --compact-output --argjson networks "$networks" --arg service "$service" '
    map({id: .Id, image: .Image, called: .Config.Image, state: .State.Status,
      digest: any(.Config.Env[]?; startswith("APP_IMAGE_DIGEST=")),
      shared: (.NetworkSettings.Networks | to_entries | map(select(.key as $name | $networks | index($name))))}
      | .known = (.state != "created" and (.shared | length) > 0 and all(.shared[]; .value.Aliases // [] | index($service) != null)))')
  replicas=${replicas:-[]}
}
# Of those that are as said: what is asked for, by itself the id.
of() { # FILTER [WHAT]
  jq --raw-output --arg target "${target:-}" --arg begun "${begun:-}" "
    def new: .image == \$target; def begun: .image == \$begun; def running: .state == \"running\";
    .[] | select($1) | ${2:-.id}" <<<"$replicas"
}
count() { of "$1" | wc -l; }
addresses() { of "$1" '.shared[].value | .IPAddress, .GlobalIPv6Address | select((. // "") != "")'; }

# Whether these run on as they were first seen, none of them unhealthy; $steady: no check has failed.
declare -A started
well() { # ID...
  local now id status at health streak
  steady=true
  now=$(docker inspect --format '{{.Id}} {{.State.Status}} {{.State.StartedAt}} {{with .State.Health}}{{.Status}} {{.FailingStreak}}{{else}}healthy 0{{end}}' "$@" 2>&1) ||
    { why="a new replica is gone: $now"; return 1; }
  while read -r id status at health streak; do
    if [ "$status" != running ] || [ "${started[$id]:=$at}" != "$at" ]; then
      why="a new replica does not stay up"
    elif [ "$health" = unhealthy ]; then
      why="a new replica is not healthy: $(docker inspect --format '{{range .State.Health.Log}}{{.Output}}{{end}}' "$id" | tail -n 1 | printable | cut -c -300)"
    else
      [ "$health $streak" = "healthy 0" ] || steady=false
      continue
    fi
    docker logs --tail 10 "$id" 2>&1 | printable | cut -c -300 >&2
    return 1
  done <<<"$now"
}

# Awaits that these have been healthy for so long, without a break.
prove() { # SECONDS ID...
  local since=$SECONDS end=$((SECONDS + 120 + $1))
  while well "${@:2}"; do
    [ "$steady" = true ] || since=$((SECONDS + 1))
    [ $((SECONDS - since)) -lt "$1" ] || return 0
    [ "$SECONDS" -lt "$end" ] || { why="the new replicas are not healthy for $1 seconds within two minutes"; return 1; }
    sleep 0.3
  done
  return 1
}

# Looks after the new replicas, and at how they answer, for so long.
look_after() { # SECONDS
  local end=$((SECONDS + $1))
  while well "${new[@]}"; do
    tally
    [ -n "$hurry" ] || ! failing "${at[@]}" "$service" || return 1
    [ "$SECONDS" -lt "$end" ] || return 0
    sleep 0.5
  done
  return 1
}

# Sets how the edge is asked from here.
reach() {
  local machine
  [ "$(value DRYDOCK_PROXY_PROTOCOL)" != on ] || to+=(--haproxy-protocol)
  # Where another machine has the engine, that one's ports are the edge's.
  machine=$(docker context inspect --format '{{.Endpoints.docker.Host}}' | sed -nE 's,^(tcp|ssh)://([^@/]*@)?(\[[^]]*]|[^:/]*).*,\3,p')
  [ -z "$machine" ] || to=(--connect-to "::$machine:" "${to[@]}")
}

# Awaits an answer that is no failure from each of these, and asks the edge for it.
asks() {
  local end=$((SECONDS + 30)) address missing=$service
  until [ -z "$missing" ]; do
    [ "$SECONDS" -lt "$end" ] || { why="the edge has had no good answer of $missing within 30 seconds"; return 1; }
    curl "${to[@]}" --silent --insecure --max-time 5 --output /dev/null --user-agent drydock-rollout \
      --header "Host: ${hosts[$service]}" "https://localhost:$https${paths[$service]}" || :
    look_after 0 || return 1
    missing=
    for address in "${at[@]}"; do
      [ "$((${asked[$address]:-0} - ${failed[$address]:-0}))" -gt 0 ] || missing=$address
    done
  done
}

# DNS has the service's name for a replica when its endpoint has: that is made once, so that a new
# replica gets another one. What it has connected to meanwhile would hang, so that where there is
# anybody else in the network, it is started anew as well.
declare -A aliases
hide() { # ID
  local network
  while read -r network; do
    aliases["$1 $network"]=$(docker inspect "$1" | jq --raw-output --arg network "$network" '.[0].NetworkSettings.Networks[$network].Aliases[] | "--alias", .')
    docker network disconnect "$network" "$1" && docker network connect "$network" "$1" || return 1
  done < <(shared_by "$1")
}
show() { # ID
  local network arguments
  [ "$alone" = true ] || docker stop -t 5 "$1" >/dev/null || return 1
  while read -r network; do
    mapfile -t arguments <<<"${aliases["$1 $network"]}"
    docker network disconnect "$network" "$1" && docker network connect "${arguments[@]}" "$network" "$1" || return 1
  done < <(shared_by "$1")
  [ "$alone" = true ] || {
    docker start "$1" >/dev/null && unset "started[$1]" && prove 0 "$1"
  }
}
shared_by() { jq --raw-output --arg id "$1" '.[] | select(.id == $id).shared[].key' <<<"$replicas"; } # ID
is_alone() { # whether only the edge and replicas of this service are in the networks
  local inside
  inside=$(of true '.shared[].key' | sort -u | xargs docker network inspect | jq --raw-output '.[].Containers | keys[]')
  alone=true
  ! grep --quiet --invert-match --fixed-strings --file <(of true; echo "$nginx"; echo "$holder") <<<"$inside" || alone=false
}
