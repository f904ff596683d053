# shellcheck shell=bash
# What compares the working tree with a revision has both as plain folders: neither has a
# revision then, which labels would carry.

say() { printf 'drydock: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

enter_repository() { # goes to its top
  cd "${DRYDOCK_ROOT:-$PWD}" || exit
  # A name may end in a line's end, which $(...) alone would take away.
  top=$(git rev-parse --show-toplevel 2>/dev/null && echo .) || die "$PWD is not in a git repository; the comparison is with one of its revisions"
  top=${top%??}
  cd "$top" || exit
  [ -e flake.nix ] || die "there is no flake.nix in $top"
}

named() { git rev-parse --verify --quiet --end-of-options "$1^{commit}"; } # REVISION

# As Nix reads a working tree: what git knows of, as it is now.
working_tree() { # FOLDER
  git ls-files -z --deduplicate | while IFS= read -r -d "" file; do
    if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\0' "$file"; fi
  done | tar --create --null --no-recursion --files-from=- | tar --extract --directory "$1"
}

tree_of() ( # REVISION FOLDER
  # An index of its own: that of the repository stays as it is.
  index=$(mktemp -d)
  trap 'rm -rf "$index"' EXIT
  export GIT_INDEX_FILE=$index/index
  git read-tree "$1"
  git checkout-index --all --prefix="$2/"
)
