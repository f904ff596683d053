# shellcheck shell=bash disable=SC2154 # rollout.nix assigns what is not assigned here
fail() { echo "rollout: $*" >&2; cat output calls >&2; exit 1; }
# What the clients answer: the branches of a `case` on what they are called with.
answers() {
  # shellcheck disable=SC2016
  { echo 'case "${0##*/} $*" in'; cat; echo '*) echo "no answer to: ${0##*/} $*" >&2; exit 99 ;; esac'; } >answers
  : >calls
}
answers </dev/null
says() { # CODE TEXT COMMAND...: the last line has the text
  local code=0
  timeout 120 "${@:3}" >output 2>&1 || code=$?
  [ "$code" = "$1" ] || fail "${*:3}: it ends with $code"
  tail -n 1 output | grep --fixed-strings -- "$2" >/dev/null || fail "${*:3}: it does not say '$2'"
}
called() { grep --fixed-strings --line-regexp -- "$1" calls >/dev/null || fail "it does not call '$1'"; }
calls_not() { ! grep --fixed-strings -- "$1" calls >/dev/null || fail "it calls '$1'"; }

digest=sha256:$(printf '0%.0s' {1..64})
image=images.example.org/team/app@$digest
says 2 "answers are watched" "$ours" --help
says 2 "--on is 'nomad'; it may be compose, swarm or kubernetes" "$ours" --on nomad "$image"
says 2 "--on takes a value" "$ours" --on
says 2 "--watch is '0'" "$ours" --watch 0 "$image"
says 2 "--watch is '1e3'" "$ours" --watch 1e3 "$image"
says 2 "--in is for swarm and kubernetes" "$ours" --in web "$image"
says 2 "'images.example.org/team/app:v1' has no digest; a tag may come to mean another image" "$ours" images.example.org/team/app:v1
says 2 "'sha256:abc' is no digest" "$ours" images.example.org/team/app@sha256:abc
says 2 "the stack has no service 'other'; there are app" "$ours" "images.example.org/team/other@$digest"
says 2 "the stack has no service 'other'; there are app" "$ours" --on swarm --back other
says 2 "nginx has the ports of this machine" "$ours" "images.example.org/team/nginx@$digest"
says 2 "app listens at 127.0.0.1 of the edge's own network" "$others" "$image"
says 2 "socket listens at a Unix socket" "$others" "images.example.org/team/socket@$digest"
says 2 "data keeps data that two at a time may not have" "$others" "images.example.org/team/data@$digest"
says 2 "--back takes the name of a service; there are app data socket" "$others" --back
[ ! -s calls ] || fail "a client is called before the arguments are known to be good"

# Compose: nothing is started, nor is an engine.
touch flake.nix
answers <<'CASE'
"drydock-engine "*) echo "drydock: error: no Docker engine answers" >&2; [ -z "${DRYDOCK_DOOR:-}" ] || exit 98; exit 1 ;;
CASE
DRYDOCK_DOOR=door says 1 "no Docker engine answers" "$ours" "$image"
answers <<'CASE'
"drydock-engine "*) ;;
"docker-compose "*" config --environment") echo COMPOSE_PROJECT_NAME=web ;;
"docker ps "*) ;;
"docker-compose "*" ps --status running --quiet nginx") ;;
CASE
says 1 "the stack 'web' of this folder does not run; ./drydock up starts it" "$ours" "$image"
calls_not pull

# Lines of the edge's log: what the new replica answers, who follows another one; or whom else it asked.
failures() { # YEAR [UPSTREAM STATUS]
  local second
  for second in 1 2 3; do
    echo "$1-01-01T00:00:0$second.000000000Z {\"upstream\":\"${2:-10.0.1.9:8000, 10.0.1.7:8000}\",\"upstream_status\":\"${3:-200, 502}\",\"status\":502}"
  done
}

# Swarm.
task() { echo "[{\"Spec\":{\"ContainerSpec\":{\"Image\":\"$1\"}},\"Status\":{\"State\":\"running\"},\"NetworksAttachments\":[{\"Addresses\":[\"$2/24\"]}]}]"; }
# What the manager says of the service, one state after the other; the last one stays.
# shellcheck disable=SC2016
swarm='
"drydock-engine "*) ;;
"docker info "*) echo true ;;
"docker service ls --quiet "*) echo edge ;;
"docker service inspect edge") echo "[{\"Spec\":{\"Name\":\"web_nginx\",\"Labels\":{\"com.docker.stack.namespace\":\"web\"}}}]" ;;
"docker service inspect web_app")
  state=$(head -n 1 states)
  [ "$(wc -l <states)" = 1 ] || sed -i 1d states
  jq -n --arg image "$(cat image)" --arg state "$state" "[{Spec: {TaskTemplate: {ContainerSpec: {Image: \$image}}}, PreviousSpec: {}, UpdateStatus: {State: \$state, Message: \"a task failed\"}}]" ;;
"docker service ls --filter "*) echo "web_app 2/2" ;;
"docker image inspect "*) ;;
"docker service ps --no-trunc "*) printf "%s\n" "before " "$(cat image) " "$(cat image) task: non-zero exit (1)" ;;
"docker service ps "*) cat running ;;
"docker inspect --type task "*) cat "$4" ;;
"docker service update --detach --quiet --with-registry-auth --image "*) echo "$7" >image; cp update states; cp later log; echo new >running ;;
"docker service rollback --detach=false --quiet web_app") echo before >image; echo rollback_completed >states ;;
"docker service logs --raw --timestamps --tail 5000 "*) cat log ;;
'
swarm() {
  answers <<<"$swarm"
  echo before >image
  echo completed >states
  # Of one address, as where they come after each other.
  task before 10.0.1.7 >old
  task "$image" 10.0.1.7 >new
  echo none >running
  echo '[]' >none
  : >log
  : >later
}
# What was out of order before, nobody there at all, is not the image either.
swarm
printf '%s\n' updating updating completed >update
failures 2025 app 502 >log
says 0 "app: 2/2 of $image" "$ours" --on swarm --watch 1 "$image"
called "docker service update --detach --quiet --with-registry-auth --image $image web_app"
calls_not rollback
says 0 "app: 2/2 of $image" "$ours" --on swarm --in web --watch 1 "$image"
grep "runs that image already" output >/dev/null || fail "it is done twice"
says 0 "app: 2/2 of before" "$ours" --on swarm --back
called "docker service rollback --detach=false --quiet web_app"
says 1 "there is no rollout of app to take back: it runs before" "$ours" --on swarm --back
# Taken back by Swarm, as it does not get healthy; and by us, as clients get no good answers.
swarm
printf '%s\n' updating rollback_started rollback_completed >update
says 1 "Swarm has taken $image back, and app runs $image: task: non-zero exit (1)" "$ours" --on swarm --watch 1 "$image"
calls_not rollback
swarm
printf '%s\n' updating completed >update
failures 2026 >later
says 1 "3 of 3 answers of the new replicas failed (0 of 0 before)" "$ours" --on swarm --watch 1 "$image"
called "docker service rollback --detach=false --quiet web_app"
# The old ones have failed as often: it is not the image.
swarm
printf '%s\n' updating completed >update
failures 2025 >log
failures 2026 >later
echo old >running
says 0 "app: 2/2 of $image" "$ours" --on swarm --watch 1 "$image"
calls_not rollback
swarm
says 1 "this Swarm has no stack 'other'; it has web" "$ours" --on swarm --in other "$image"
answers <<'CASE'
"drydock-engine "*) ;;
"docker info "*) echo false ;;
CASE
says 1 "this engine manages no Swarm" "$ours" --on swarm "$image"
answers <<CASE
"docker image inspect "*) exit 1 ;;
"docker pull "*) echo "Error response from daemon: manifest for $image not found: manifest unknown: manifest unknown" >&2; exit 1 ;;
$swarm
CASE
says 1 "images.example.org has no $image; ./drydock publish copies images there" "$ours" --on swarm "$image"
calls_not "service update"

# Kubernetes.
# shellcheck disable=SC2016
kubernetes='
"kubectl get deployment nginx --output name") echo deployment.apps/nginx ;;
"kubectl annotate --overwrite deployment/app dev.drydock/taken-back"*) echo "${4#*taken-back}" >mark ;;
"kubectl get deployment "*" --output json") jq -n --arg image "$(cat image)" --arg mark "$(cat mark)" "{metadata: {annotations: {\"dev.drydock/taken-back\": (\$mark | ltrimstr(\"=\") | ltrimstr(\"-\"))}}, spec: {template: {spec: {containers: [{name: \"app\", image: \$image}]}}}}" ;;
"kubectl get pods --selector "*) cat pods ;;
"kubectl logs --selector app.kubernetes.io/name=nginx "*) cat log ;;
"kubectl set image deployment/"*) echo "${4#*=}" >image; cp update states; cp later log ;;
"kubectl rollout status deployment/app --watch=false")
  state=$(head -n 1 states)
  [ "$(wc -l <states)" = 1 ] || sed -i 1d states
  echo "$state"
  [[ $state != error* ]] || exit 1 ;;
"kubectl rollout undo deployment/app") echo before >image; echo "successfully rolled out" >states ;;
"kubectl rollout status deployment/app") ;;
'
kubernetes() {
  answers <<<"$kubernetes"
  echo before >image
  echo - >mark
  echo "successfully rolled out" >states
  : >log
  : >later
  jq -n --arg image "$image" '{items: [{spec: {containers: [{name: "app", image: $image}]}, status: {conditions: [{type: "Ready", status: "True"}], podIPs: [{ip: "10.0.1.7"}], containerStatuses: [{state: {waiting: {reason: "ErrImagePull", message: "not found"}}}]}}]}' >pods
}
kubernetes
printf '%s\n' Waiting Waiting "successfully rolled out" >update
says 0 "app: $image, successfully rolled out" "$ours" --on kubernetes --watch 1 "$image"
called "kubectl set image deployment/app app=$image"
calls_not undo
says 0 "app: before" "$ours" --on kubernetes --back
says 1 "the last rollout of app was taken back already: it runs before" "$ours" --on kubernetes --back
kubernetes
printf '%s\n' Waiting "error: deployment \"app\" exceeded its progress deadline" >update
says 1 "exceeded its progress deadline (ErrImagePull: not found)" "$ours" --on kubernetes --watch 1 "$image"
called "kubectl rollout undo deployment/app"
kubernetes
printf '%s\n' Waiting >update
failures 2026 >later
says 1 "3 of 3 answers of the new replicas failed" "$ours" --on kubernetes --watch 1 "$image"
called "kubectl rollout undo deployment/app"
answers <<'CASE'
"kubectl --namespace web get deployment nginx --output name") echo "The connection to the server localhost:8080 was refused" >&2; exit 1 ;;
CASE
says 1 "kubectl finds no Deployment 'nginx' in the namespace web, as the line above says" "$ours" --on kubernetes --in web "$image"
