# `./drydock affected`: which outputs of the flake a change touches, so that a CI can
# leave out the rest. An output is affected when its derivation is another one; nothing
# is built for that.
{ pkgs }:
pkgs.writeShellApplication {
  name = "drydock-affected";
  # git and nix are those of the caller, who has a clone and has started this.
  text = ''
    ${builtins.readFile ../../commands/two-trees.sh}
    wrong() {
      say "error: $1"
      echo "usage: drydock affected [--json] [--system SYSTEM] [BASE | --all]" >&2
      exit 2
    }

    json=false
    base=
    system=
    while [ $# -gt 0 ]; do
      case $1 in
        --json) json=true ;;
        --system)
          system=''${2:-}
          case $system in
            ?*-linux | ?*-darwin) shift ;;
            *) wrong "--system is '$system'; it takes the name of one, such as x86_64-linux" ;;
          esac
          ;;
        --all | [!-]*)
          [ -z "$base" ] || wrong "there is one BASE at most; '$1' is the second"
          base=$1
          ;;
        *) wrong "'$1' is neither --json, --system, --all nor a BASE" ;;
      esac
      shift
    done

    enter_repository
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
    system=''${system:-$(nix config show system)}
    in_url() { printf '%s' "$1" | LC_ALL=C od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g; s,%2f,/,g'; }
    outputs() { # FOLDER
      nix eval --raw --no-write-lock-file "''${flags[@]}" \
        "path:$(in_url "$1")#." --apply "($(cat ${./output-paths.nix})) \"$system\"" | LC_ALL=C sort
    }

    mkdir "$folder/now" "$folder/before"
    working_tree "$folder/now"
    outputs "$folder/now" > "$folder/outputs-now" || die "the flake of the working tree cannot be evaluated; the lines above say why"

    : > "$folder/outputs-before"
    if [ -n "$revision" ]; then
      tree_of "$revision" "$folder/before"
      outputs "$folder/before" > "$folder/outputs-before" 2> "$folder/log" || {
        cat "$folder/log" >&2
        say "the flake of $revision cannot be evaluated, as the lines above say: everything counts as affected"
        : > "$folder/outputs-before"
      }
    fi

    LC_ALL=C comm -13 "$folder/outputs-before" "$folder/outputs-now" | cut -d ' ' -f 1 > "$folder/affected"
    if [ "$json" = true ]; then
      sed 's/.*/"&"/' "$folder/affected" | paste -s -d , | sed 's/.*/[&]/'
    else
      cat "$folder/affected"
    fi
  '';
}
