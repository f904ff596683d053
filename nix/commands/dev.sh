# shellcheck shell=bash disable=SC2154,SC2034 # stack.sh assigns project, and uses files
# A project of its own, beside that of the stack as in production.
project=$project-dev
own "$project"
load_images
# A file of that name may be another one of the team's.
if grep -qs "image: *$repository/dev:" compose.dev.yaml; then
  files+=(--file compose.dev.yaml)
else
  [ "${files[0]}" = --project-directory ] || files=(--project-directory . "${files[@]}")
  files+=(--file "$rendered_dev")
fi
DRYDOCK_UID=${DRYDOCK_UID:-$(id -u)} DRYDOCK_GID=${DRYDOCK_GID:-$(id -g)}
export DRYDOCK_UID DRYDOCK_GID
# A group of its own, so that Ctrl-C comes here alone: Compose would ask the containers
# to end one after the other, and leave them.
set -m
compose up --force-recreate --remove-orphans </dev/null &
stop() {
  trap "" INT TERM HUP
  # Nothing in there is worth waiting for.
  compose down --remove-orphans --timeout 0 >/dev/null 2>&1 || status=1
}
status=0
trap 'stop; exit "$status"' INT TERM HUP
wait "$!" || status=$?
stop
exit "$status"
