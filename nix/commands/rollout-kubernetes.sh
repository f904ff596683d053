# shellcheck shell=bash disable=SC2154 # rollout.nix assigns what is not assigned here
# `./drydock rollout` on Kubernetes, which does it by itself, in the cluster and namespace that kubectl
# is told of. This has it done, looks at how the new pods answer meanwhile, and has it taken back
# where they fail.

service=$1 wish=$2 watch=$3 namespace=$4
say() { echo "drydock: $*" >&2; }
fail() { say "error: $*"; exit 1; }
ask() { timeout --foreground 60 kubectl ${namespace:+--namespace "$namespace"} "$@"; }

ask get deployment nginx --output name >/dev/null ||
  fail "kubectl finds no Deployment 'nginx'${namespace:+ in the namespace $namespace}, as the line above says; 'kubectl apply -k' makes it, --in names its namespace, and 'kubectl config use-context' the cluster"
deployment=${deployments[${service:-nginx}]}
pods() { ask get pods --selector "app.kubernetes.io/name=$deployment" --output json; }
image() { ask get deployment "$deployment" --output json | jq --raw-output --arg name "$service" '.spec.template.spec.containers[] | select(.name == $name).image'; }
status() { ask rollout status "deployment/$deployment" --watch=false; }
stands() { echo "$service: $(image), $(status 2>&1)"; }
if [ -z "$wish" ]; then
  for service in $(printf '%s\n' "${!deployments[@]}" | sort); do
    deployment=${deployments[$service]}
    stands
  done
  exit
fi
edge_log() { ask logs --selector app.kubernetes.io/name=nginx --container nginx --max-log-requests 50 --timestamps --tail 5000 ${1:+--since-time "$1"} 2>/dev/null || :; }
# Of the pods that DNS has, which are ready by then.
addresses() { # whether their image is, or is not, the one that is wished for: == or !=
  pods | jq --raw-output --arg name "$service" --arg image "$wish" ".items[] | select(any(.spec.containers[]; .name == \$name and .image $1 \$image) and any(.status.conditions[]?; .type == \"Ready\" and .status == \"True\")) | .status.podIPs[]?.ip"
}
trap 'say "Kubernetes goes on by itself; ./drydock rollout --on kubernetes says where it stands, and --back takes it back"; exit 130' INT
trap 'say "Kubernetes goes on by itself"; exit 143' TERM

# Who goes back twice would have again what was taken back, which this remembers.
mark() { ask annotate --overwrite "deployment/$deployment" "dev.drydock/taken-back$1" >/dev/null; } # =IMAGE or -
back() { # REASON
  say "$1; going back"
  mark "=$(image)"
  ask rollout undo "deployment/$deployment" >/dev/null || fail "Kubernetes does not go back, as the line above says; $(stands)"
  timeout --foreground 600 kubectl ${namespace:+--namespace "$namespace"} rollout status "deployment/$deployment" >/dev/null || fail "going back has not ended after 10 minutes: $(stands)"
  stands
}
if [ "$wish" = back ]; then
  [ -z "$(ask get deployment "$deployment" --output json | jq --raw-output '.metadata.annotations["dev.drydock/taken-back"] // ""')" ] ||
    fail "the last rollout of $service was taken back already: it runs $(image)"
  back "it was asked for"
  exit
fi

if [ "$(image)" != "$wish" ]; then
  mapfile -t at < <(addresses '!=')
  tally
  remember "${at[@]}"
  # The edge's init container has its image, too.
  images=("$service=$wish")
  [ "$service" != nginx ] || images+=("tls=$wish")
  ask set image "deployment/$deployment" "${images[@]}" >/dev/null || fail "Kubernetes does not take $wish, as the line above says"
  mark -
  say "Kubernetes replaces the pods of $deployment by $wish"
fi
end=$((SECONDS + 3600)) settled=
until [ -n "$settled" ] && [ $((SECONDS - settled)) -ge "$watch" ]; do
  mapfile -t at < <(addresses '==')
  meet "${at[@]}" "$service"
  tally
  if ! words=$(status 2>&1); then
    # What keeps a pod from starting, such as a digest that the registry does not have.
    why=$(pods | jq --raw-output '[.items[].status.containerStatuses[]?.state.waiting | select(.) | "\(.reason): \(.message // "")"][0] // empty')
    why="$words${why:+ ($why)}"
  elif ! failing "${at[@]}" "$service"; then
    why=
  fi
  if [ -n "$why" ]; then
    reason=$why
    back "$reason"
    fail "$wish was taken back, and $service runs $(image), as before: $reason"
  fi
  [[ $words != *"successfully rolled out"* ]] || settled=${settled:-$SECONDS}
  [ "$SECONDS" -lt "$end" ] || fail "Kubernetes is not ready after an hour: $(stands)"
  sleep 1
done
stands
