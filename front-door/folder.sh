# shellcheck shell=sh disable=SC2154,SC2034 # drydock assigns root, command and more; prepare.sh reads stands
# Which folder's flake is worked on, and which Drydock that flake gets: the nearest flake.nix
# from the working directory upward, or the one beside this front door. Sourced by ./drydock,
# whose helpers it uses.

# Sets $at to the nearest folder, from FOLDER upward, that has FILE; to nothing if there is none.
nearest() { # FILE FOLDER
  at=$(cd "$2" 2>/dev/null && pwd -P && echo .) || at=
  at=${at%?.}
  until [ -z "$at" ] || [ -e "$at/$1" ]; do at=${at%/*}; done
}

# Sets $folder, and $own to whether it is Drydock's own. In another, $input is the name that its
# flake has for Drydock, and $input_url, $locked, $locked_type, $locked_rev and $locked_hash say
# which Drydock it asks for.
find_folder() {
  folder=$root own=true input=''
  asked=${DRYDOCK_FOLDER:-}
  # What this starts may be another front door, for another folder.
  unset DRYDOCK_FOLDER
  # A command that finds no engine calls back.
  [ "$command" != engine ] || [ -z "${DRYDOCK_DOOR:-}" ] || asked=${DRYDOCK_ROOT:-}
  nearest flake.nix "${asked:-.}"
  case $at in
    "$root") return ;;
    '')
      [ "$command" != engine ] || return 0
      [ -z "$asked" ] || die "there is no flake.nix in $asked or above it"
      nearest Cargo.toml .
      case $at/ in / | "$root"/*) return ;; esac
      [ "$command" != nix ] || return 0
      die "there is no flake.nix in $at, where Cargo.toml is; these lines make one: $(template_lines)"
      ;;
  esac
  read_flake
  if [ -n "$input" ]; then
    folder=$at own=false
    return
  fi
  case $command/$at/ in engine/* | */"$root"/*) return ;; esac
  [ ! -d "$at/front-door" ] || die "$at is a Drydock of its own: call ./drydock there"
  # Nix takes any flake that is named.
  [ "$command" = nix ] || die "$at/flake.nix has no input drydock, so there is nothing to '$command' there; these lines make such a flake: $(template_lines)"
}

template_lines() {
  echo
  printf '{\n  inputs.drydock.url = "github:OWNER/drydock";\n  outputs = { self, drydock }: drydock.lib.service { src = self; };\n}'
}

read_flake() {
  output=$(cd "$at" && nix eval --raw --file ./flake.nix --apply "$(cat "$root/front-door/flake-inputs.nix")" 2>&1) ||
    die "$at/flake.nix cannot be read: $output"
  # Lines at the end that are empty are not there.
  {
    IFS= read -r input || :
    IFS= read -r input_url || :
    IFS= read -r locked || :
    IFS= read -r locked_type || :
    IFS= read -r locked_rev || :
    IFS= read -r locked_hash || :
  } <<SAID
$output
SAID
}

# Whether the flake's input is the folder that this front door is in, which Nix would copy whole.
input_is_this_tree() {
  [ "$own" = false ] || return 1
  place=${input_url%%\?*}
  case $place in
    path:/*) ;;
    # Nix asks git, where there is a repository.
    /*) [ ! -e "$root/.git" ] || return 1 ;;
    *) return 1 ;;
  esac
  place=${place#path:}
  [ "${place%/}" = "$(in_url "$root")" ]
}

# Prints the URL of the tree that this front door is in, as nothing changes under who reads it,
# and with nothing that git would ignore.
this_tree() {
  case $root in
    /nix/store/*) path_flake "$root" ;;
    *)
      if revision=$(this_revision) && top=$(git -C "$root" rev-parse --show-toplevel) && [ "$top" = "$root" ]; then
        printf 'git+file://%s?shallow=1&rev=%s' "$(in_url "$root")" "$revision"
      else
        look_for_git "$root"
        printf 'path:%s' "$(copy_to_store "$root" "$known" .)"
      fi
      ;;
  esac
}

# Prints the revision of the tree that this front door is in, if it is as it was committed.
this_revision() {
  have git && git -C "$root" ls-files --error-unmatch -- flake.nix >/dev/null 2>&1 &&
    git -C "$root" diff-index --quiet HEAD -- 2>/dev/null && git -C "$root" rev-parse HEAD
}

# Prints where the store has the Drydock that the lock pins, if it is there or can be had from
# elsewhere than GitHub.
locked_tree() {
  [ -n "$locked_hash" ] || return 1
  hash=$(nix hash convert --hash-algo sha256 --to nix32 "$locked_hash")
  path=$(nix-store --print-fixed-path --recursive sha256 "$hash" source)
  if ! nix-store --check-validity "$path" 2>/dev/null; then
    case $locked_type in git | tarball) ;; *) return 1 ;; esac
    LOCKED=$locked timeout 120 nix eval --raw --impure --expr \
      '(builtins.fetchTree (builtins.fromJSON (builtins.getEnv "LOCKED"))).outPath' >/dev/null 2>&1 || return 1
  fi
  [ -x "$path/drydock" ] && printf '%s' "$path"
}

# Without the pinned inputs: sets $stands to the URL that stands for the flake's input, and says so
# unless it is what the lock pins. Where that can be had, its own front door goes on, since its
# stand-ins are those that fit it.
choose_drydock() {
  if input_is_this_tree; then
    stands=$(this_tree)
    return
  fi
  if locked_path=$(locked_tree); then
    [ "$locked_path" = "$root" ] || {
      export DRYDOCK_FOLDER="$folder" DRYDOCK_YES="$yes" DRYDOCK_INPUTS="$inputs"
      eval "exec \"\$locked_path/drydock\" $arguments"
    }
    stands=$(path_flake "$root")
    return
  fi
  stands=$(this_tree)
  revision=$(this_revision) || revision='which has changes'
  [ "$revision" != "$locked_rev" ] || return 0
  if [ -n "$locked_rev$locked_hash" ]; then
    say "flake.lock pins drydock ${locked_rev:-$locked_hash}, which cannot be had now: $root ($revision) stands for it"
  elif [ "${input_url%%\?*}" != "git+file://$(in_url "$root")" ]; then
    say "$input_url cannot be had now, and no flake.lock pins it: $root ($revision) stands for it"
  fi
}

# Nix cannot write beside a copy in its store.
lock_plain_folder() {
  [ "$own" = false ] && [ "$by_git" = false ] && [ ! -e "$folder/flake.lock" ] || return 0
  say "writing flake.lock, which pins what $input_url is today"
  nix flake lock "$source" --output-lock-file "$folder/flake.lock" || die "flake.lock cannot be written; the lines above say why"
  find_source
}
