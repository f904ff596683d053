# `./drydock affected`: which outputs of the flake a change touches, so that a CI can
# leave out the rest. An output is touched when its derivation is another one; nothing
# is built for that.
{ pkgs }:
pkgs.writeShellApplication {
  name = "drydock-affected";
  # git and nix are those of the caller, who has a clone and has started this.
  text = ''
    say() { printf 'drydock: %s\n' "$*" >&2; }
    die() { say "error: $*"; exit 1; }
    wrong() {
      say "error: $1"
      echo "usage: drydock affected [--json] [BASE | --all]" >&2
      exit 2
    }

    json=false
    base=
    for argument in "$@"; do
      case $argument in
        --json) json=true ;;
        --all | [!-]*)
          [ -z "$base" ] || wrong "there is one BASE at most; '$argument' is the second"
          base=$argument
          ;;
        *) wrong "'$argument' is neither --json, --all nor a BASE" ;;
      esac
    done

    cd "''${DRYDOCK_ROOT:-$PWD}"
    # A name may end in a line's end, which $(...) alone would take away.
    top=$(git rev-parse --show-toplevel 2>/dev/null && echo .) || die "$PWD is not in a git repository; the comparison is with one of its revisions"
    top=''${top%??}
    cd "$top"
    [ -e flake.nix ] || die "there is no flake.nix in $top"

    named() { git rev-parse --verify --quiet --end-of-options "$1^{commit}"; }
    case $base in
      --all) revision= ;;
      "")
        # Where a branch began, or else what came before.
        if main=$(named origin/main || named main); then
          revision=$(git merge-base "$main" HEAD) || die "HEAD and main have no common ancestor here; give a BASE, or fetch the whole history"
        else
          revision=$(named HEAD~1) || die "there is neither origin/main, main nor HEAD~1 to compare with; give a BASE, or --all"
        fi
        ;;
      *)
        revision=$(named "$base") ||
          die "BASE is '$base', which is no revision of this repository; it may be a branch, a tag or a commit that is here, such as origin/main or HEAD~1"
        ;;
    esac

    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    # Flags that the caller gives every nix command, one a line.
    mapfile -t flags < <(printf '%s' "''${DRYDOCK_NIX_FLAGS:-}")
    system=$(nix config show system)
    in_url() { printf '%s' "$1" | LC_ALL=C od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g; s,%2f,/,g'; }
    # Both trees are read as plain folders: a revision, which labels carry, is in
    # neither, so it is not what differs.
    outputs() { # FOLDER
      nix eval --raw --no-write-lock-file "''${flags[@]}" \
        "path:$(in_url "$1")#." --apply "($(cat ${./output-paths.nix})) \"$system\"" | LC_ALL=C sort
    }

    # As Nix reads a working tree: what git knows of, as it is now.
    mkdir "$folder/now" "$folder/before"
    git ls-files -z --deduplicate | while IFS= read -r -d "" file; do
      if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\0' "$file"; fi
    done | tar --create --null --no-recursion --files-from=- | tar --extract --directory "$folder/now"
    outputs "$folder/now" > "$folder/outputs-now" || die "the flake of the working tree cannot be evaluated; the lines above say why"

    : > "$folder/outputs-before"
    if [ -n "$revision" ]; then
      # An index of its own: that of the repository stays as it is.
      export GIT_INDEX_FILE=$folder/index
      git read-tree "$revision"
      git checkout-index --all --prefix="$folder/before/"
      outputs "$folder/before" > "$folder/outputs-before" 2> "$folder/log" || {
        cat "$folder/log" >&2
        say "the flake of $revision cannot be evaluated, as the lines above say: everything is taken for touched"
        : > "$folder/outputs-before"
      }
    fi

    LC_ALL=C comm -13 "$folder/outputs-before" "$folder/outputs-now" | cut -d ' ' -f 1 > "$folder/touched"
    if [ "$json" = true ]; then
      sed 's/.*/"&"/' "$folder/touched" | paste -s -d , | sed 's/.*/[&]/'
    else
      cat "$folder/touched"
    fi
  '';
}
