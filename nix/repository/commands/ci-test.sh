# shellcheck shell=bash disable=SC2154 # ci-test.nix assigns matrix, build and output_paths
# Which revision a change is held against, that no output is in no job, and that each that
# cannot be built is named. It stands before ci-test-records.sh in one program.

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
system=$(nix config show system)
every=$(drydock-affected --json --all)

mkdir "$scratch/bin" "$scratch/tree"
export PATH=$scratch/bin:$PATH
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
cd "$scratch/tree" || exit
git init --quiet --initial-branch main
git config user.name test
git config user.email test@localhost
commit() { git commit --quiet --allow-empty --message "$1" && git rev-parse HEAD; }
oldest=$(commit oldest)
older=$(commit older)
git switch --quiet --create elsewhere
elsewhere=$(commit elsewhere)
git switch --quiet main
head=$(commit newest)

# gh api ADDRESS --jq FILTER
cat > "$scratch/bin/gh" <<'GH'
#!/bin/sh
[ "$1 $3" = 'api --jq' ] || exit 2
echo "$2" > "$SCRATCH/asked"
exec jq --raw-output "$4" "$SCRATCH/runs"
GH
# The front door's part: what is affected is in a file for each system, and what it was asked
# for goes into another.
cat > drydock <<'DRYDOCK'
#!/bin/sh
case $1 in
  affected) echo "$*" >> "$SCRATCH/calls"; exec cat "$SCRATCH/affected.$4" ;;
  nix) shift; exec nix "$@" ;;
esac
DRYDOCK
chmod +x "$scratch/bin/gh" drydock
export SCRATCH=$scratch GITHUB_REPOSITORY=owner/name GITHUB_OUTPUT=$scratch/outputs

passed=0
failed=0
wrong() { echo "    $1" >> "$scratch/wrong"; }
result() { # WHAT
  if [ -s "$scratch/wrong" ]; then
    failed=$((failed + 1))
    echo "ci: $1 ... FAILED"
    cat "$scratch/wrong"
    sed 's/^/    output: /' "$scratch/output"
  else
    passed=$((passed + 1))
    echo "ci: $1 ... ok"
  fi
  : > "$scratch/wrong"
}
: > "$scratch/wrong"
run() { # SCRIPT ARGUMENT...
  code=0
  sh "$@" > "$scratch/output" 2>&1 || code=$?
}
matrix() { # BASE
  : > "$scratch/outputs"
  : > "$scratch/calls"
  BASE=$1 run "$matrix"
  [ "$code" = 0 ] || wrong "it ends with $code"
}
held_against() { # BASE
  [ "$(cut -d ' ' -f 5 "$scratch/calls" | sort -u)" = "$1" ] || wrong "it is held against $(cut -d ' ' -f 5 "$scratch/calls" | sort -u) instead of $1"
}
value() { sed -n "s/^$1=//p" "$scratch/outputs"; } # OUTPUT
has() { # OUTPUT VALUE
  [ "$(value "$1")" = "$2" ] || wrong "$1 is $(value "$1") instead of $2"
}
green() { # EVENT REVISION..., newest first
  printf '%s\n' "$@" | jq --raw-input --null-input '
    [inputs] | {workflow_runs: [range(0; length; 2) as $n | {event: .[$n], head_sha: .[$n + 1]}]}' > "$scratch/runs"
}
systems=(x86_64-linux aarch64-linux x86_64-darwin aarch64-darwin)
touches() { # JSON-ARRAY, the same for every system
  for each in "${systems[@]}"; do
    jq --compact-output --arg own "$system" --arg each "$each" \
      'map(select(($each | endswith("-linux")) or startswith("devShells.")) | sub("[.]" + $own + "[.]"; "." + $each + "."))' \
      <<< "$1" > "$scratch/affected.$each"
  done
}
touches '[]'

green push "$elsewhere" pull_request "$head" schedule "$older" push "$oldest"
matrix --green
held_against "$older"
grep --quiet '^repos/owner/name/actions/workflows/ci[.]yml/runs[?]branch=main&status=success&' "$scratch/asked" || wrong "it asks $(cat "$scratch/asked")"
result "main: against the newest green revision before it; neither one of another history nor of a pull request"

green push "$elsewhere" pull_request "$older"
matrix --green
held_against --all
result "main, with no green revision before it: everything"

rm "$scratch/runs"
matrix --green
held_against --all
result "main, when there is no answer: everything"

matrix "$oldest"
held_against "$oldest"
result "a revision that is here"

matrix 0123456789012345678901234567890123456789
held_against --all
result "a revision that is gone: everything"

matrix --all
held_against --all
has groups '[]'
has verify '[]'
has containers '[]'
has up '[]'
result "nothing is affected: no jobs"

touches "$every"
matrix --all
cat "$scratch"/affected.* | jq --slurp --compact-output 'add | sort' > "$scratch/expected"
value groups | jq --compact-output '[.[].outputs | split(" ")[]] | sort' | cmp - "$scratch/expected" >> "$scratch/wrong" 2>&1 || :
[ "$(value groups | jq length)" -le 8 ] || wrong "there are $(value groups | jq length) jobs"
value groups | jq --exit-status 'all(.system as $own | .outputs | split(" ") | all(split(".")[1] == $own))' > "$scratch/output" || wrong "a job has outputs of another system"
value groups | jq --exit-status '(map(.name) | unique | length) == length and all(.runner | length > 0)' > "$scratch/output" || wrong "a job has no name or runner of its own"
has verify '["ubuntu-24.04-arm","ubuntu-24.04"]'
has containers '["ubuntu-24.04-arm","ubuntu-24.04"]'
has up '[{"runner":"ubuntu-24.04-arm","engine":"its own"},{"runner":"ubuntu-24.04","engine":"its own"},{"runner":"ubuntu-24.04","engine":"the oldest"}]'
result "everything, $(jq length "$scratch/expected") outputs in $(value groups | jq length) jobs: each in one"

rm "$scratch/affected.aarch64-linux"
: > "$scratch/outputs"
BASE=--all run "$matrix"
[ "$code" != 0 ] || wrong "it ends with 0"
[ ! -s "$scratch/outputs" ] || wrong "it says which jobs"
result "a system that cannot be evaluated: an error, and no jobs"

mkdir -p nix/repository/commands
cp "$output_paths" nix/repository/commands/output-paths.nix
cat > flake.nix <<FLAKE
{
  outputs = { self }: let
    make = name: script: derivation { inherit name; system = "$system"; builder = "/bin/sh"; args = [ "-c" script ]; };
    good = make "good" "echo $scratch > \$out";
  in {
    checks.$system = { inherit good; same = good; bad = make "bad" "echo $scratch; exit 1"; };
    apps.$system.start = { type = "app"; program = "\${make "program" "echo $scratch > \$out"}"; };
  };
}
FLAKE
git add flake.nix nix
run "$build" "checks.$system.good" "checks.$system.same" "apps.$system.start"
[ "$code" = 0 ] || wrong "it ends with $code"
[ "$(grep -c '^ok ' "$scratch/output")" = 3 ] || wrong "there is no line for each"
result "outputs that can be built: a line for each"

run "$build" "checks.$system.good" "checks.$system.bad"
[ "$code" = 1 ] || wrong "it ends with $code"
grep --quiet --line-regexp "ok checks.$system.good" "$scratch/output" || wrong "the other is not built"
grep --quiet --line-regexp "::error::checks.$system.bad cannot be built" "$scratch/output" || wrong "it is not named"
result "one that cannot: it is named, and the others are built"

run "$build" "checks.$system.absent"
[ "$code" = 1 ] || wrong "it ends with $code"
grep --quiet --line-regexp "::error::the flake has no output checks.$system.absent" "$scratch/output" || wrong "it is not named"
result "one that the flake does not have: it is named"
