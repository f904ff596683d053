# shellcheck shell=sh disable=SC2154 # drydock assigns root, cache and more
# Brings what the stand-ins for the flake's inputs are made of into the Nix store, as
# content-addressed files, and with them a folder for each kind, whose lock.json names
# them by hash. Sourced by front-door/inputs.sh; its helpers are those of ./drydock. The
# stand-ins see nothing of the machine but these folders.

# shellcheck source=offline/fill.sh
. "$root/offline/fill.sh"

# Adds to $overrides what the stand-ins need.
prepare_offline() {
  rust=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml")
  [ -n "$rust" ] || die "$root/rust-toolchain.toml names no channel"
  entries=
  # shellcheck disable=SC2119
  read_own
  each_part name_entry
  # What another call is making at this moment is looked for again once it has made it.
  all_made || locked fill_all
  stand_ins=$(folder_of stand_ins)
  # Another repository has these as inputs of its input.
  before=
  [ "$own" = true ] || {
    override "$input" "$stands"
    before=$input/
  }
  for each in nixpkgs crane rust-overlay; do
    override "$before$each" "path:$stand_ins?dir=$each"
  done
  for each in nixpkgs rust-overlay; do
    override "$before$each/machine" "path:$(folder_of machine)"
  done
  override "${before}advisory-db" "$(advisories)"
  for part in tests shell bench engine libraries; do
    override "${before}nixpkgs/$part" "path:$(folder_of "$part")"
  done
  # A lock file that has the overridden inputs already, or Nix would list them as changes
  # at every call.
  lock=$cache/made/lock/$({ printf '%s' "$overrides" && cat "$folder/flake.nix" "$folder/flake.lock" 2>/dev/null || :; } | hash_of)
  in_store "$lock" || locked make_lock
  overrides="$overrides--reference-lock-file
$(lines_of "$lock")"
}

# Does ACTION with the name and the files of each part that the command needs: what the
# files say is what the part is made from.
each_part() { # ACTION
  offline=$root/offline
  swagger_ui=$root/nix/crate/swagger-ui/Cargo.lock
  "$1" stand_ins
  "$1" machine "$offline/nixpkgs/kits" "$offline/fill.sh" "$root/rust-toolchain.toml"
  # A browser is ten times the size of all the rest, and nothing to start a stack with.
  case $command in
    up | dev | status | down | reload-tls) ;;
    engine)
      # A command has found none, and calls back; see ./drydock.
      [ -z "${DRYDOCK_DOOR:-}" ] || "$1" engine "$offline/nixpkgs/engine-kits" "$offline/fill.sh"
      ;;
    *)
      "$1" tests "$offline/nixpkgs/test-kits" "$offline/nixpkgs/cargo-tools" "$offline/fill.sh"
      "$1" python "$root"/nix/repository/python/*.sums
      ! have npm || "$1" npm "$offline/nixpkgs/npm-packages"
      ;;
  esac
  # Nor is what the service is measured with, and an editor's programs, which only who
  # opens the shell has a use for.
  case "$command $subcommand" in
    bench* | "nix develop" | "nix print-dev-env")
      "$1" bench "$offline/nixpkgs/bench-kits" "$root"/nix/repository/python/bench/*.sums \
        "$root/bench/servers/Cargo.lock" "$root/bench/building/grown/Cargo.lock" "$offline/fill.sh"
      ;;
  esac
  case "$command $subcommand" in
    "nix develop" | "nix print-dev-env")
      "$1" shell "$offline/nixpkgs/shell-kits" "$offline/fill.sh" "$root/rust-toolchain.toml"
      ;;
  esac
  if [ "$own" = true ]; then
    "$1" crates "$root/Cargo.lock" "$root"/crates/*/Cargo.lock "$root"/crates/*/fuzz/Cargo.lock "$swagger_ui"
  else
    # Those of the programs that come along, what one of its crates looks for, and its own.
    eval "grep -qF 'name = \"utoipa-swagger-ui\"' /dev/null $own_locks" || swagger_ui=
    "$1" crates "$root"/crates/*/Cargo.lock ${swagger_ui:+"$swagger_ui"}
    eval "\"\$1\" own_crates $own_locks"
    [ -z "$words" ] || "$1" libraries "$offline/nixpkgs/library-kits" "$offline/nixpkgs/libpq.lock" "$offline/fill.sh"
  fi
}

# Sets $own_locks to the lock files of the repository that git knows, as words of a shell, the
# one beside its flake first; and $words to what its *.nix files may mean as names of packages.
# shellcheck disable=SC2016,SC2120 # words that another shell takes apart
read_own() {
  own_locks=
  words=
  [ "$own" = false ] || return 0
  tree=$folder
  # It is in the store, then.
  [ "$by_git" = true ] || tree=${source#path:}
  [ ! -e "$tree/Cargo.lock" ] || own_locks=$(quoted "$tree/Cargo.lock")
  # shellcheck disable=SC2016
  own_locks="$own_locks $(cd "$tree" && known_files Cargo.lock | sort -z |
    TREE=$tree xargs -0 -r sh -c 'for file; do case $file in Cargo.lock | ./Cargo.lock) ;; *) printf "%s\0" "$TREE/${file#./}" ;; esac; done' sh |
    tr '\n\0' '\0\n' | sed "s/'/'\\\\''/g; s/.*/'&'/" | tr '\n\0' ' \n')"
  # What nix/crate/needs.toml says of a crate counts like a word of theirs.
  words=$({
    cd "$tree" && known_files '*.nix' | xargs -0 -r cat -- /dev/null
    eval "cat -- /dev/null $own_locks" | tr -d '\r' | sed -n 's/^name = "\(.*\)"$/[\1]/p' |
      awk 'NR == FNR { locked[$0] = 1; next } /^\[/ { is = $0 in locked } is' - "$root/nix/crate/needs.toml"
  } | words_of)
  # With any library comes pkg-config; a crate that has C in it may run make.
  case " $(printf '%s' "$words" | tr '\n' ' ') " in *' libraries '*) words="$words
pkg-config" ;; esac
  eval "cat -- /dev/null $own_locks" | sed -n 's/^name = "\(.*-\(sys\|src\)\)"\r*$/\1/p' |
    grep -qvxFf "$root/offline/nixpkgs/crates-without-make" || return 0
  words="$words
gnumake"
}

# Prints the files of the working directory with such a name that are the flake's, each with a NUL.
known_files() { # PATTERN
  if [ "$by_git" = true ] && have git; then
    # shellcheck disable=SC2016
    git ls-files -z --deduplicate -- ":(glob)**/$1" | xargs -0 -r sh -c 'for file; do [ ! -f "$file" ] || printf "%s\0" "$file"; done' sh
  else
    find . -name "$1" -type f -print0
  fi
}

# Prints the words of Nix on stdin that can be names of packages, with what stands for others.
words_of() {
  sed 's/#.*//' | grep -oE "[A-Za-z_][A-Za-z0-9_'-]*" |
    sed 's/^\(rustPlatform\|bindgenHook\|llvmPackages\)$/&\nlibclang/; s/^cmake$/&\ngnumake/; s/^egress$/&\ncacert/; s/^timezones$/&\ntzdata/' |
    grep -vxE 'assert|else|if|in|inherit|let|or|rec|then|with|true|false|null' | sort -u || :
}

# Adds the part's entry to $entries, as NAME/KEY below $cache/made.
name_entry() { # NAME FILE...
  entry=$1
  shift
  if [ "$entry" = stand_ins ]; then
    # What git knows of the folder may change while the files do not.
    key=$(cd "$root" && {
      git ls-files -- offline 2>/dev/null || :
      find offline -type f -print
      find offline -type f -exec cat {} +
    } | hash_of)
  elif [ "$entry" = libraries ]; then
    key=$({ printf '%s' "$words" && cat "$@"; } | hash_of)
  else
    key=$(cat /dev/null "$@" | hash_of)
  fi
  entries="$entries $entry/$key"
}

all_made() (
  cd "$cache/made" 2>/dev/null || exit 1
  # shellcheck disable=SC2086
  in_store $entries && touch -c $entries
)

entry_of() { # NAME; nothing where the command does not need that part
  for entry in $entries; do
    case $entry in "$1"/*) printf '%s' "$cache/made/$entry" ;; esac
  done
}

# Prints the folder of a part; where the command does not need it, that of the machine,
# which no build looks into then.
folder_of() { # NAME
  entry=$(entry_of "$1")
  [ -n "$entry" ] || entry=$(entry_of machine)
  lines_of "$entry" | head -n 1
}

# Crates come by another way than packages, and at the same time.
fill_all() {
  settle_cargo
  each_part fill_by_cargo &
  beside=$!
  each_part fill_besides
  await_beside
}

# It has said itself what it lacks.
await_beside() {
  [ -z "$beside" ] || wait "$beside" || exit
  beside=
}

fill_by_cargo() { case $1 in crates | own_crates) fill "$@" ;; esac; } # NAME FILE...
fill_besides() { case $1 in crates | own_crates) ;; *) fill "$@" ;; esac; } # NAME FILE...

# Makes the entry of a part with fill_NAME, unless the store has all of it. The part's
# folder is $new/source, unless fill_NAME sets $added; what else it adds to the store
# stands in $new/paths.
fill() { # NAME FILE...
  entry=$(entry_of "$1")
  ! in_store "$entry" || return 0
  new=$plain/${work##*/}/$1
  mkdir -p "$new/source"
  : >"$new/paths"
  made=$1
  shift
  added=
  "fill_$made" "$@"
  [ -n "$added" ] || added=$(nix-store --recursive --add-fixed sha256 "$new/source")
  { printf '%s\n' "$added" && cat "$new/paths"; } | keep "$(entry_of "$made")"
  forget_old "$cache/made/$made"
  rm -rf "$new"
}

# The stand-ins themselves, without what git would ignore, and their place for an
# advisory database.
fill_stand_ins() {
  added=$(stand_ins_in_store)
  cp -R "$added/advisory-db/." "$new/source"
  nix-store --recursive --add-fixed sha256 "$new/source" >"$new/paths"
  chmod -R u+w "$new/source"
}

stand_ins_in_store() {
  look_for_git "$root"
  copy_to_store "$root" "$known" offline
}

advisories() { # Prints the URL of the advisory database.
  if [ -z "${DRYDOCK_ADVISORIES:-}" ]; then
    printf 'path:%s' "$(lines_of "$(entry_of stand_ins)" | sed -n 2p)"
  else
    [ -d "$DRYDOCK_ADVISORIES/crates" ] ||
      die "DRYDOCK_ADVISORIES is '$DRYDOCK_ADVISORIES', which has no folder 'crates'; it names a copy of RustSec's advisory-db"
    path_flake "$(cd "$DRYDOCK_ADVISORIES" && pwd -P)"
  fi
}

make_lock() {
  ! in_store "$lock" || return 0
  with_inputs flake metadata --json "$source" >"$work/metadata.json" 2>"$work/log" ||
    die "the flake cannot be read: $(cat "$work/log")"
  METADATA=$work/metadata.json nix eval --raw --impure --expr 'builtins.toJSON (builtins.fromJSON (builtins.readFile (builtins.getEnv "METADATA"))).locks' >"$work/flake.lock"
  nix-store --add-fixed sha256 "$work/flake.lock" | keep "$lock"
  forget_old "$cache/made/lock"
}
