# shellcheck shell=bash disable=SC2154 # files.sh assigns mine and files
# What the commands begin with that act on the stack: an engine, the folder, the name of the
# Compose project and the ports.

say() { echo "drydock: $*" >&2; }
fail() { say "error: $*"; exit 1; }
# Lines that others wrote, for a terminal: it would obey what is no printable ASCII.
# shellcheck disable=SC2329 # not all commands show some
printable() { LC_ALL=C sed 's/[^[:print:]\t]/?/g'; }

# The front door sets it, elsewhere it is the current folder.
cd "${DRYDOCK_ROOT:-$PWD}" || fail "DRYDOCK_ROOT is $DRYDOCK_ROOT, which is no folder to go to"
drydock-engine

# The stack as in production, whatever files the caller has chosen for other things: those
# that a plain `docker compose` reads here. Everything else that Compose is told by its
# environment or by `.env` holds for both.
unset COMPOSE_FILE COMPOSE_PATH_SEPARATOR COMPOSE_PROFILES
choose_files
[ -n "$mine" ] || [ -e flake.nix ] || fail "there is neither a compose.yaml nor a flake.nix in $PWD; go to the folder that has them"
# In one sentence, before Compose says it in other words.
port DRYDOCK_HTTP_PORT "${DRYDOCK_HTTP_PORT:-80}"
port DRYDOCK_HTTPS_PORT "${DRYDOCK_HTTPS_PORT:-443}"
address DRYDOCK_ADDRESS "${DRYDOCK_ADDRESS:-}"
settings() { docker-compose "${files[@]}" config --environment; }
# What Compose warns of it says again when it acts. Why it refuses goes without the rest of
# the environment, which may hold secrets.
effective=$(settings 2>/dev/null) || {
  why=$(settings 2>&1 >/dev/null) || :
  case $why in
    *"project name must not be empty"*)
      fail "Compose makes no project's name of this folder's, '${PWD##*/}'; COMPOSE_PROJECT_NAME, in the environment or in .env, gives one (a-z, 0-9, - and _)" ;;
  esac
  fail "Compose refuses its files or settings: $why"
}
value() { sed -n "s/^$1=//p" <<<"$effective"; } # NAME
project=$(value COMPOSE_PROJECT_NAME)
http=$(value DRYDOCK_HTTP_PORT)
https=$(value DRYDOCK_HTTPS_PORT)
http=${http:-80} https=${https:-443}
port DRYDOCK_HTTP_PORT "$http"
port DRYDOCK_HTTPS_PORT "$https"
address DRYDOCK_ADDRESS "$(value DRYDOCK_ADDRESS)"
at "$(value DRYDOCK_ADDRESS)"

compose() { docker-compose --project-name "$project" "${files[@]}" "$@"; }

# Containers carry the folder that they were started from. Where that is another one that
# is still there, this would be taking its stack away.
own() { # PROJECT
  local folder
  while read -r folder; do
    [ -z "$folder" ] || [ "$folder" -ef . ] || { [ ! -e "$folder/compose.yaml" ] && [ ! -e "$folder/flake.nix" ]; } ||
      fail "the stack '$1' is that of $folder; COMPOSE_PROJECT_NAME, in the environment or in .env, gives this folder's another name"
  done < <(docker ps --all --filter "label=com.docker.compose.project=$1" \
    --format '{{.Label "com.docker.compose.project.working_dir"}}' | sort -u)
}
