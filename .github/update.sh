#!/bin/sh
# Moves the flake's inputs on, in a commit, and leaves in FOLDER what a pull request needs:
# `text.md` says what changes, `commits` is a bundle of the branch `update`. Then it runs
# every test with the new pins, and what has passed is in a commit of its own.
set -eu

folder=$1
base=$(git rev-parse HEAD)
git config user.name 'github-actions[bot]'
git config user.email '41898282+github-actions[bot]@users.noreply.github.com'
git switch --create update
mkdir -p "$folder"

nix flake update
# A record of a run before is one of older pins now.
nix run .#seen -- write
git add flake.lock README.md
git diff --cached --quiet || git commit --quiet --message "The flake's inputs are those of this week"
nix run .#update-report -- "$base" >"$folder/text.md"
cat "$folder/text.md"

if ./drydock test; then
  git add docs/seen README.md
  git diff --cached --quiet || git commit --quiet --message 'What has passed with these pins'
else
  printf '\n**The tests fail with these pins**; the log of the run that opened this says where.\n' >>"$folder/text.md"
fi
# There is something to fetch even where nothing has changed.
git bundle create "$folder/commits" "$base^..update" update
[ "$(git rev-parse HEAD)" != "$base" ] || : >"$folder/nothing"
