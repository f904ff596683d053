# shellcheck shell=bash disable=SC2154 # rollout.nix assigns what is not assigned here
# What is asked for, before any engine is.

wrong() { echo "drydock: error: $*" >&2; exit 2; }
usage() {
  cat >&2 <<'TEXT'
usage: drydock-rollout [OPTION]... IMAGE@DIGEST    replaces the replicas of the service by this image's
       drydock-rollout [OPTION]... --back [NAME]   takes the last rollout of the service back
       drydock-rollout [OPTION]...                 says where it stands
  IMAGE@DIGEST     as publish prints it: REGISTRY/PATH/NAME@sha256:…
  --on ENGINE      compose (the default), swarm or kubernetes
  --in NAME        the stack of Swarm, or the namespace of Kubernetes, if there are several
  --watch SECONDS  how long new replicas have to be healthy before clients get to them, and how
                   long their answers are watched (default 10)
TEXT
  exit 2
}

on=compose place='' watch=10 what='' back=false
while [ $# -gt 0 ]; do
  case $1 in
    --on | --in | --watch)
      [ -n "${2:-}" ] || wrong "$1 takes a value"
      case $1 in
        --on) on=$2 ;;
        --in) place=$2 ;;
        --watch) watch=$2 ;;
      esac
      shift
      ;;
    --back) back=true ;;
    -* | "") usage ;;
    *)
      [ -z "$what" ] || usage
      what=$1
      ;;
  esac
  shift
done

case $on in
  compose | swarm | kubernetes) ;;
  *) wrong "--on is '$on'; it may be compose, swarm or kubernetes" ;;
esac
[[ $watch =~ ^[1-9][0-9]{0,2}$ ]] || wrong "--watch is '$watch'; it may be a number of seconds from 1 to 999"
[ -z "$place" ] || [ "$on" != compose ] ||
  wrong "--in is for swarm and kubernetes; on Compose it is the stack of this folder, or COMPOSE_PROJECT_NAME"
mapfile -t names < <(printf '%s\n' "${!single[@]}" | sort)

service='' image=''
if [ "$back" = true ]; then
  image=back service=$what
  [ -n "$service" ] || [ ${#names[@]} -gt 1 ] || service=${names[0]}
  [ -n "$service" ] || wrong "--back takes the name of a service; there are ${names[*]}"
elif [ -n "$what" ]; then
  case $what in
    *@*) ;;
    *) wrong "'$what' has no digest; a tag may come to mean another image: REGISTRY/PATH/NAME@sha256:…, as publish prints it" ;;
  esac
  [[ ${what##*@} =~ ^sha256:[0-9a-f]{64}$ ]] || wrong "'${what##*@}' is no digest; it is sha256: and 64 digits from 0 to f"
  # A tag beside a digest says nothing more.
  image=${what%@*} service=${what%@*}
  service=${service##*/}
  image=${image%"$service"}${service%%:*}@${what##*@} service=${service%%:*}
fi

# Each engine starts replicas of what it has; the edge's ports are there once.
if [ -n "$service" ]; then
  [ -n "${deployments[$service]:-}" ] || wrong "the stack has no service '$service'; there are ${names[*]}"
  case $on/$service in
    compose/nginx) wrong "nginx has the ports of this machine, which two at a time cannot have; ./drydock up replaces it" ;;
    compose/*)
      [ -z "${single[$service]}" ] ||
        wrong "$service ${single[$service]}, so that there cannot be two for a while; ./drydock up replaces it, with a pause"
      ;;
  esac
fi

# Where no engine answers, there is no stack either: none is started.
unset DRYDOCK_DOOR
exec "drydock-rollout-$on" "$service" "$image" "$watch" "$place"
