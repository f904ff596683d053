#!/bin/sh
# Builds OUTPUT... (such as checks.x86_64-linux.shell) of the flake, all that can be
# built, and ends with a line for each that cannot.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%s\n' "$@" | LC_ALL=C sort -u >"$folder/wanted"
cut -d . -f 2 "$folder/wanted" | sort -u >"$folder/systems"
while read -r system; do
  ./drydock nix eval --raw .#. --apply "($(cat nix/repository/commands/output-paths.nix)) \"$system\"" >"$folder/of-system"
  # Its last line has no end.
  { cat "$folder/of-system" && echo; } >>"$folder/outputs"
done <"$folder/systems"
LC_ALL=C sort "$folder/outputs" >"$folder/sorted"
LC_ALL=C join -v 1 "$folder/wanted" "$folder/sorted" >"$folder/unknown"
[ ! -s "$folder/unknown" ] || {
  sed 's/.*/::error::the flake has no output &/' "$folder/unknown"
  exit 1
}
LC_ALL=C join "$folder/wanted" "$folder/sorted" >"$folder/recipes"

# What two outputs have in common is built once.
failed=0
cut -d ' ' -f 2 "$folder/recipes" | sort -u | sed 's/$/^*/' |
  xargs ./drydock nix build --no-link --keep-going --print-build-logs || failed=1
while read -r output recipe; do
  if ./drydock nix path-info "$recipe^*" >/dev/null 2>&1; then
    echo "ok $output"
  else
    echo "::error::$output cannot be built"
    failed=1
  fi
done <"$folder/recipes"
exit "$failed"
