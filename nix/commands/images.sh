# shellcheck shell=bash disable=SC2154 # load.nix assigns made and archives
# Whether the engine has an image already. Its id does not say: an engine with the classic
# store calls an image by its configuration, one with containerd's by its manifest. What both
# say is what it is made of: the layers by their own digests, and each setting.

# shellcheck disable=SC2329 # a command uses some of these
is_made() { # NAME: of the images that `docker image inspect` shows on stdin, one is as it was built here
  jq --exit-status --slurpfile made "${made[$1]}" '
    any(.[]; . as $there
      | .RootFS.Layers == $made[0].layers
      and ($made[0].config | to_entries | all(.value == $there.Config[.key])))' >/dev/null
}

# shellcheck disable=SC2329 # likewise
load_images() {
  local name
  for name in "${!made[@]}"; do
    # What is not there is none.
    { docker image inspect "$name:latest" 2>/dev/null || echo '[]'; } | is_made "$name" ||
      docker load --quiet --input "${archives[$name]}" >&2
  done
}
