# shellcheck shell=bash disable=SC2154 # stack.sh assigns project, described.nix programs
own "$project"
compose down
# What comes next is what the files say.
for service in "${!programs[@]}"; do
  docker image rm "$(tag "$service" rollout)" "$(tag "$service" before)" >/dev/null 2>&1 || :
done
