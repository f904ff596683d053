# shellcheck shell=bash disable=SC2154 # default.nix assigns `there` beside the calls
# Whether the engine has an image already. Its id does not say: an engine with the classic
# store calls an image by its configuration, one with containerd's by its manifest. What both
# say is what it is made of: the layers by their own digests, and each setting.

load() { # NAME ARCHIVE WHAT-IT-IS-MADE-OF
  jq --exit-status --arg name "$1:latest" --slurpfile made "$3" '
    any(.[]; . as $there
      | any(.RepoTags[]; . == $name)
      and .RootFS.Layers == $made[0].layers
      and ($made[0].config | to_entries | all(.value == $there.Config[.key])))' <<<"$there" >/dev/null ||
    docker load --quiet --input "$2" >&2
}
