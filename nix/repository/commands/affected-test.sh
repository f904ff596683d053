# shellcheck shell=bash disable=SC2164 # it ends where something fails
# A copy of the working tree, and what is held against what `drydock affected` says of changes in it.
real=${DRYDOCK_ROOT:-$PWD}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
system=$(nix config show system)

# A repository on main with the working tree's files: those that git knows, or, where
# there is no repository, those that it would not ignore. Every name has bytes that
# mean something in a URL.
export DRYDOCK_ROOT=$scratch/'tr?e #1' TMPDIR=$scratch/'temp[or]ary %41'
mkdir "$DRYDOCK_ROOT" "$TMPDIR"
git init --quiet --initial-branch main "$DRYDOCK_ROOT"
(
  cd "$real"
  git ls-files -z --deduplicate 2> /dev/null ||
    git --git-dir="$DRYDOCK_ROOT/.git" --work-tree=. ls-files -z --others --exclude-standard
) | while IFS= read -r -d "" file; do
  [ ! -e "$real/$file" ] && [ ! -L "$real/$file" ] || printf '%s\0' "$file"
done | tar --create --null --no-recursion --directory="$real" --files-from=- | tar --extract --directory "$DRYDOCK_ROOT"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
cd "$DRYDOCK_ROOT"
git config user.name test
git config user.email test@localhost
commit() { git add --all && git commit --quiet --allow-empty --message "$1"; }
commit before
first=$(git rev-parse HEAD)

passed=0
failed=0
result() { # WHAT
  if [ -s "$scratch/wrong" ]; then
    failed=$((failed + 1))
    echo "affected: $1 ... FAILED"
    cat "$scratch/wrong"
    sed 's/^/    output: /' "$scratch/answer" "$scratch/errors"
  else
    passed=$((passed + 1))
    echo "affected: $1 ... ok"
  fi
}
# Runs it; its answer and its exit code are in the scratch folder then.
ask() {
  : > "$scratch/wrong"
  git status --porcelain > "$scratch/status-before"
  code=0
  drydock-affected "$@" > "$scratch/answer" 2> "$scratch/errors" || code=$?
  git status --porcelain | cmp - "$scratch/status-before" >> "$scratch/wrong" 2>&1 || :
  [ -z "$(ls -A "$TMPDIR")" ] || echo "    it leaves files: $(ls -A "$TMPDIR")" >> "$scratch/wrong"
}
wrong() { echo "    $1" >> "$scratch/wrong"; }
# OUTPUT... are without the system: packages.image is packages.x86_64-linux.image.
is_affected() { grep --quiet --fixed-strings --line-regexp "${1%%.*}.$system.${1#*.}" "$scratch/answer"; }
says() { for output in "$@"; do is_affected "$output" || wrong "$output is missing"; done; }
says_not() { for output in "$@"; do ! is_affected "$output" || wrong "$output is not affected"; done; }
says_nothing() {
  [ "$code" = 0 ] || wrong "it ends with $code"
  [ ! -s "$scratch/answer" ] || wrong "nothing is affected"
}
says_only() {
  [ "$code" = 0 ] || wrong "it ends with $code"
  says "$1"
  [ "$(wc -l < "$scratch/answer")" -le 1 ] || wrong "only $1 is affected"
}
refuses() { # CODE TEXT
  [ "$code" = "$1" ] || wrong "it ends with $code instead of $1"
  [ ! -s "$scratch/answer" ] || wrong "it answers all the same"
  grep --quiet --fixed-strings -- "$2" "$scratch/errors" || wrong "it does not say: $2"
}
back() { git checkout --quiet --force main && git reset --quiet --hard "$first" && git clean --quiet --force -d; }
