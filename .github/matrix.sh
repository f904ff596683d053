#!/bin/sh
# Which jobs a change needs, as outputs of the step that runs this, each a list: `groups`
# has the jobs that build outputs, with the outputs' names; `verify` and `containers` have
# the runners that these jobs are needed on; `up` has runners and engines.
#
# BASE is what the change is held against: a revision, --all, or --green, the newest
# revision of main that the workflow has passed.
set -eu

# Each system that the flake has outputs for, and the runner that builds them.
runners='{
  "x86_64-linux": "ubuntu-24.04",
  "aarch64-linux": "ubuntu-24.04-arm",
  "x86_64-darwin": "macos-15-intel",
  "aarch64-darwin": "macos-15"
}'
say() { printf '%s\n' "$*" >&2; }

# A push to a red main, or one whose run was never begun, leaves things unchecked that
# only a comparison with the last green revision shows. A run of a pull request says
# nothing of main, though a fork's branch may have that name.
newest_green() {
  gh api "repos/$GITHUB_REPOSITORY/actions/workflows/ci.yml/runs?branch=main&status=success&per_page=100" \
    --jq '.workflow_runs[] | select(.event != "pull_request") | .head_sha' |
    while read -r revision; do
      if git merge-base --is-ancestor "$revision" HEAD 2>/dev/null; then
        echo "$revision"
        break
      fi
    done
}

if [ "$BASE" = --green ]; then
  BASE=$(newest_green) || BASE=
  [ -n "$BASE" ] || {
    say "no revision before this one is known to be green: every output is built"
    BASE=--all
  }
elif [ "$BASE" != --all ]; then
  # After a rewritten history the revision before it is gone.
  git rev-parse --verify --quiet "$BASE^{commit}" >&2 || {
    say "$BASE is not in the history: every output is built"
    BASE=--all
  }
fi
say "held against $BASE"

affected='[]'
for system in $(printf '%s' "$runners" | jq --raw-output 'keys[]'); do
  more=$(./drydock affected --json --system "$system" "$BASE")
  affected=$(printf '%s' "$affected" | jq --compact-output --argjson more "$more" '. + $more')
done

# What has the same things to build or fetch first is in one job; each output is in one,
# whatever its name.
grouped=$(printf '%s' "$affected" | jq --compact-output --argjson runners "$runners" '
  def group:
    capture("^(?<kind>[^.]+)[.](?<system>[^.]+)[.](?<name>.+)$")
    | if .system | endswith("-darwin") then "shells"
      elif .kind == "apps" or .kind == "devShells" or (.name | test("^image-(dev|ci)(-|$)|^toolchain$"))
      then "commands and shells"
      elif .name | test("-(clippy|deny|doc|format|fuzz|test)$|^(advisories|instructions)$") then "crates"
      else "images" end;
  group_by([split(".")[1], group])
  | map((.[0] | split(".")[1]) as $system | {
      name: "\(.[0] | group), \($system)",
      system: $system,
      runner: $runners[$system],
      # What most others begin with is what the next run wants to find.
      save: (.[0] | group == "images"),
      outputs: join(" ")
    })')

# A filter: the runner of an output's system.
runner="($runners)[split(\".\")[1]]"
output() { # NAME JSON FILTER
  printf '%s=%s\n' "$1" "$(printf '%s' "$2" | jq --compact-output "$3")"
}
{
  output groups "$grouped" .
  output verify "$affected" "map(select(test(\"^apps[.].*[.]verify\$\")) | $runner)"
  output containers "$affected" "map(select(test(\"^apps[.].*[.]test\$\")) | $runner)"
  # The oldest engine comes as a program for one system.
  output up "$affected" "map(select(test(\"^apps[.].*[.]up\$\")) | $runner
    | {runner: ., engine: \"its own\"}, (select(. == \"ubuntu-24.04\") | {runner: ., engine: \"the oldest\"}))"
} | tee -a "$GITHUB_OUTPUT"
