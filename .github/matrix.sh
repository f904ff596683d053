#!/bin/sh
# Which jobs a change needs, as outputs of the step that runs this: `any`, `verify` and
# `containers` are true or false, and `builds` is the list of outputs to build, each in
# a job of its own. BASE is what the change is held against, or --all.
set -eu

# After a rewritten history the revision before it is gone.
case $BASE in
  --all) ;;
  *) git rev-parse --verify --quiet "$BASE^{commit}" >&2 || BASE=--all ;;
esac
touched=$(./drydock affected --json "$BASE")

output() { # NAME FILTER
  printf '%s=%s\n' "$1" "$(printf '%s' "$touched" | jq --compact-output "$2")"
}
{
  output any '. != []'
  # Every package is a check as well.
  output builds 'map(select(test("^(checks|devShells)[.]")))'
  output verify 'any(test("^apps[.][^.]+[.]verify$"))'
  output containers 'any(test("^apps[.][^.]+[.]test$"))'
} | tee -a "$GITHUB_OUTPUT"
