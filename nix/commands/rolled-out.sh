# shellcheck shell=bash disable=SC2154 # described.nix assigns repository, stack.sh project
# Which image of a service was rolled out, and which ran before: two tags, which the engine keeps
# beside the containers. What is rolled out runs on until `down`; a tag means nothing when no
# container has its image.

tag() { echo "$repository/$1:$2-$project"; } # SERVICE rollout|before
id_of() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null; } # IMAGE

# What runs of a service: the id of its image and what that was called, once each.
# shellcheck disable=SC2329 # not all commands have a use for it
images_of() { # SERVICE
  local ids
  mapfile -t ids < <(containers_of "$1")
  [ ${#ids[@]} = 0 ] || docker inspect --format '{{.Image}} {{.Config.Image}}' "${ids[@]}" | sort -u
}
containers_of() { # SERVICE
  docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False
}

# What the stack's files, and what is put in their place, call its image.
# shellcheck disable=SC2329 # likewise
image_of() { compose config --format json | jq --raw-output --arg service "$1" '.services[$service].image'; } # SERVICE

# Runs Compose with an image in the place of the stack's own. As Compose compares them, its containers
# are those of a file that names this image.
images_file=
# shellcheck disable=SC2329 # likewise
with_image() { # SERVICE IMAGE
  [ -n "$images_file" ] || {
    images_file=$(mktemp)
    echo '{}' >"$images_file"
    files+=(--file "$images_file")
  }
  local new
  new=$(jq --arg service "$1" --arg image "$2" '.services[$service] = {image: $image, pull_policy: "never"}' "$images_file")
  echo "$new" >"$images_file"
}
