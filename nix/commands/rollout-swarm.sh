# shellcheck shell=bash disable=SC2154 # rollout.nix assigns what is not assigned here
# `./drydock rollout` on Swarm, which does it by itself, and takes back what does not get healthy, as
# the stack file says. This has it done, looks at how the new replicas answer meanwhile, and says
# what became of it.

service=$1 wish=$2 watch=$3 stack=$4
say() { echo "drydock: $*" >&2; }
fail() { say "error: $*"; exit 1; }
drydock-engine
[ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ] ||
  fail "this engine manages no Swarm; let DOCKER_HOST or a context name a manager, or 'docker swarm init' makes one"

mapfile -t stacks < <(docker service ls --quiet --filter label=com.docker.stack.namespace | xargs --no-run-if-empty docker service inspect |
  jq --raw-output '.[].Spec | .Labels["com.docker.stack.namespace"] as $stack | select(.Name == "\($stack)_nginx") | $stack' | sort)
[ ${#stacks[@]} -gt 0 ] || fail "no stack runs on this Swarm; 'docker stack deploy' starts one, as docs/DEPLOY.md says"
stack=${stack:-${stacks[0]}}
[[ " ${stacks[*]} " == *" $stack "* ]] || fail "this Swarm has no stack '$stack'; it has ${stacks[*]}"
[ ${#stacks[@]} = 1 ] || [ -n "$4" ] || fail "this Swarm has the stacks ${stacks[*]}; --in NAME says which"

name=
inspected() { docker service inspect "$name" | jq --raw-output ".[0] | $1"; } # WHAT
# `none` before the first update.
state() { inspected '.UpdateStatus.State // "none"'; }
image() { inspected .Spec.TaskTemplate.ContainerSpec.Image; }
stands() { echo "${name#"${stack}_"}: $(docker service ls --filter "name=$name" --format '{{.Name}} {{.Replicas}}' | sed -n "s|^$name ||p") of $(image)$(inspected 'if (.UpdateStatus.State // "completed") | endswith("completed") then "" else ", \(.UpdateStatus.State): \(.UpdateStatus.Message)" end')"; }
if [ -z "$wish" ]; then
  for service in $(printf '%s\n' "${!deployments[@]}" | sort); do
    name=${stack}_$service
    stands
  done
  exit
fi
name=${stack}_$service
docker service inspect "$name" >/dev/null 2>&1 || fail "the stack '$stack' has no service '$service'"
edge_log() { docker service logs --raw --timestamps --tail 5000 ${1:+--since "$1"} "${stack}_nginx" 2>/dev/null || :; }
# Of the replicas that DNS has, which are healthy by then.
addresses() { # whether their image is, or is not, the one that is wished for: == or !=
  docker service ps --quiet --filter desired-state=running "$name" | xargs --no-run-if-empty docker inspect --type task |
    jq --raw-output --arg image "$wish" ".[] | select(.Spec.ContainerSpec.Image $1 \$image and .Status.State == \"running\") | .NetworksAttachments[]?.Addresses[]? | split(\"/\")[0]"
}
trap 'say "Swarm goes on by itself; ./drydock rollout --on swarm says where it stands, and --back takes it back"; exit 130' INT
trap 'say "Swarm goes on by itself"; exit 143' TERM

back() { # REASON
  say "$1; going back"
  timeout --foreground 600 docker service rollback --detach=false --quiet "$name" >/dev/null || fail "Swarm does not go back, as the line above says; $(stands)"
  stands
}
if [ "$wish" = back ]; then
  # Who goes back twice would have again what was taken back.
  [ "$(inspected '.PreviousSpec != null and (.UpdateStatus.State // "" | startswith("rollback_") | not)')" = true ] ||
    fail "there is no rollout of $service to take back: it runs $(image)"
  back "it was asked for"
  exit
fi

if [ "$(image)" != "$wish" ]; then
  fetch "$wish"
  mapfile -t at < <(addresses '!=')
  tally
  remember "${at[@]}"
  docker service update --detach --quiet --with-registry-auth --image "$wish" "$name" >/dev/null || fail "Swarm does not take $wish, as the line above says"
  say "Swarm replaces the replicas of $service by $wish"
elif [ "$(state)" = updating ]; then
  say "Swarm is at it already"
else
  say "$service runs that image already"
  stands
  exit
fi
end=$((SECONDS + 3600)) settled=
until [ -n "$settled" ] && [ $((SECONDS - settled)) -ge "$watch" ]; do
  mapfile -t at < <(addresses '==')
  meet "${at[@]}" "$service"
  tally
  if failing "${at[@]}" "$service"; then
    back "$why"
    fail "$wish was taken back, and $service runs what it did before: $why"
  fi
  case $(state) in
    completed) settled=${settled:-$SECONDS} ;;
    rollback_started) ;;
    rollback_*) fail "Swarm has taken $wish back, and $service runs $(image): $(docker service ps --no-trunc --format '{{.Image}} {{.Error}}' "$name" | sed -n "s|^$wish ||p" | grep . | head -n 1)" ;;
    paused) fail "Swarm has stopped half-way: $(stands); ./drydock rollout --on swarm --back $service takes it back" ;;
  esac
  [ "$SECONDS" -lt "$end" ] || fail "Swarm is not ready after an hour: $(stands)"
  sleep 1
done
stands
