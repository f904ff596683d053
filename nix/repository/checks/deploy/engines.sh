# shellcheck shell=bash disable=SC2154 # ../deploy.nix has the variables
wrong=0
say() { echo "$*" >&2; wrong=1; }

hold >&2 || wrong=1

# What is stated of nginx is what its own configuration says.
drain=$(jq .containers.nginx.drain cases/a-reference/description.json)
grep -qE "^worker_shutdown_timeout +${drain}s;" "$workers" ||
  say "nginx's drain is stated as $drain s, and nginx/main/process.conf says: $(grep worker_shutdown "$workers")"

mkdir run
verify() { # UNIT...
  XDG_RUNTIME_DIR=$PWD/run systemd-analyze --user verify --man=no --recursive-errors=no "$@" >said 2>&1 && [ ! -s said ]
}

for case in cases/*; do
  name=${case#cases/}
  # Compose and Swarm say which registry is asked for, and read all the rest.
  for file in compose swarm; do
    [ -e "$case/$file.yaml" ] || continue
    read_it() { # ENVIRONMENT...
      case $file in
        compose) env "$@" docker-compose --project-name web --file "$case/$file.yaml" config --quiet ;;
        swarm) env "$@" docker stack config --compose-file "$case/$file.yaml" >read.yaml ;;
      esac
    }
    if grep -q 'image: .*DRYDOCK_REGISTRY' "$case/$file.yaml"; then
      ! read_it RUST_LOG= 2>said || say "$name: $file takes no registry for one"
      grep -q 'DRYDOCK_REGISTRY.*it is to be REGISTRY/PATH' said || say "$name: $file without a registry says: $(cat said)"
    fi
    if ! read_it DRYDOCK_REGISTRY=images.example.org/team 2>said || [ -s said ]; then
      say "$name: $file says: $(cat said)"
    fi
  done
  # Podman's own generator, of units for the system and for a user, and systemd of what it makes: by
  # the rules of a user's manager, which needs no /run.
  for user in "" -user; do
    made=$PWD/units/$name$user
    mkdir -p "$made"
    # shellcheck disable=SC2086
    QUADLET_UNIT_DIRS=$PWD/$case/quadlet "$quadlet" $user -no-kmsg-log "$made" 2>said ||
      say "$name: quadlet refuses: $(cat said)"
    grep -viE 'debug|processing|loading|^$' said | grep -v 'not a fully qualified image name' | sed "s/^/$name: quadlet: /" >&2 || :
    for unit in "$case"/quadlet/*.container; do
      service=$made/$(basename "$unit" .container).service
      [ -s "$service" ] || say "$name: quadlet makes no unit of ${unit##*/}"
      # Whom it waits for is one of them.
      sed -nE 's/^(After|Requires|Wants)=(.*)$/\2/p' "$unit" | while read -r other; do
        [ -e "$made/$other" ] || echo "$name: ${unit##*/} waits for $other, which there is not"
      done >said
      [ ! -s said ] || say "$(cat said)"
      # A machine that starts before its network does gets to serve: no unit gives up, or fails with another.
      grep -qx StartLimitIntervalSec=0 "$service" || say "$name: ${unit##*/} gives up after some tries"
      ! grep -qE '^Requires=.*-tls\.service' "$service" || say "$name: ${unit##*/} fails for ever if the keeper does once"
    done
    verify "$made"/*.service || say "$name: systemd-analyze: $(cat said)"
  done
done

# Both refuse what they do not know.
mkdir broken made
printf '[Container]\nImage=a\nReadonly=true\n' >broken/a.container
! QUADLET_UNIT_DIRS=$PWD/broken "$quadlet" -no-kmsg-log made 2>said || say "quadlet takes a key that there is not"
sed 's/^TimeoutStopSec=.*/TimeoutStopSec=soon/' units/a-reference/drydock-app.service >broken/app.service
! verify broken/app.service || say "systemd-analyze takes a time that is none"

# The registry is moved by a line of a kustomization, and the digest stays.
mkdir -p over
cat >over/kustomization.yaml <<'TEXT'
namespace: web
resources: [../bases/a-reference]
images: [{ name: drydock/app, newName: images.example.org/team/app }]
configMapGenerator: [{ name: app, behavior: merge, literals: [RUST_LOG=info] }]
TEXT
kubectl kustomize over >over.yaml
grep -qE 'image: images.example.org/team/app@sha256:[0-9a-f]{64}$' over.yaml || say "kustomize loses the digest: $(grep image: over.yaml)"
for variable in 'RUST_LOG: info' APP_SHUTDOWN_SECONDS; do
  grep -q "$variable" over.yaml || say "kustomize has lost $variable"
done

# The outputs name the images as the build does.
# shellcheck disable=SC2086
while read -r name; do
  for output in $deployed; do
    grep -rq "${name#*/}" "$output" || say "$output does not name $name"
  done
done <"$digests"

# What the module sets are options that NixOS has (nixos/modules/virtualisation/oci-containers.nix).
jq -e '
  ["capabilities", "cmd", "dependsOn", "environment", "extraOptions", "image", "networks", "podman", "ports", "user", "volumes"] as $known
  | .virtualisation["oci-containers"].containers | to_entries
  | length > 1 and all(.value | keys - $known == [])' "$modulePath" >/dev/null ||
  say "the NixOS module sets an option that there is not"
jq -e '.systemd.services["drydock-tls"].serviceConfig.LoadCredential | length == 2' "$modulePath" >/dev/null ||
  say "the NixOS module hands over no pair"
# Nor does nginx fail with a service there.
jq -e '[.systemd.services[] | select(.startLimitIntervalSec == 0)] | length > 2 and all((.requires // []) | all(test("-(network|volume)[.]service$")))' "$modulePath" >/dev/null ||
  say "a unit of the NixOS module fails for ever if another does once"

[ "$wrong" = 0 ]
