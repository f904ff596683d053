#!/usr/bin/env bash
# Tests of the front door, each with a home, a cache and a checkout of its own. The
# checkout is small: the front door and what it reads, a flake whose inputs are folders
# here, a crate with one dependency. Where this machine's cache has stand-ins, copies of
# them are used, so that nothing large is fetched or made again.
#
# usage: tests/front-door/run.sh [PATTERN], which runs the tests that match it
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
# Whose front door is tested.
tested=${DRYDOCK_TESTED:-$root}
seeds=${XDG_CACHE_HOME:-$HOME/.cache}/drydock
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch" 2>/dev/null || :; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The machine's own settings of git, and those of a front door that has called this, are
# not what is tested.
unset NIX_CONFIG DRYDOCK_NIX_FLAGS DRYDOCK_ROOT DRYDOCK_FOLDER DRYDOCK_HOME DRYDOCK_DOOR DRYDOCK_INPUTS DRYDOCK_ADVISORIES CI
real_home=$HOME
export CARGO_HOME="${CARGO_HOME:-$real_home/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$real_home/.rustup}"
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
private=$(readlink "$seeds/private-nix" || true)
PATH=:$PATH:
PATH=${PATH//":${private:-/none}/bin:"/:}
PATH=${PATH#:} PATH=${PATH%:}
export PATH
nix=$(command -v nix || echo "$private/bin/nix")
[ -x "$nix" ] || { echo "there is no Nix here; ./drydock nix --version brings one" >&2; exit 1; }
marker=marker-$RANDOM-$RANDOM-$$

# Every byte that a name may have but the slash, in two names.
every_byte=('' '')
for byte in {1..254}; do
  printf -v hex '\\x%x' "$byte"
  printf -v char '%b' "$hex"
  [ "$char" = / ] || every_byte[byte / 128]+=$char
done

has_stand_ins() { [ -d "$seeds/made/machine" ]; }

# Gives the tree a part for tests of its own, which is made soon.
small_tests_part() {
  echo 'patchelf patchelf' >"$tree/offline/nixpkgs/test-kits"
  : >"$tree/offline/nixpkgs/cargo-tools"
}

# The files of the tested tree that the front door reads.
small_tree() { # FOLDER
  mkdir -p "$1/nix/repository/python" "$1/src" "$1/nginx/tls"
  cp -R "$tested/drydock" "$tested/.gitignore" "$tested/rust-toolchain.toml" "$1"
  [ ! -e "$tested/front-door" ] || cp -R "$tested/front-door" "$1"
  cp -R "$tested/offline" "$1"
  mkdir -p "$1/examples/flake"
  cp "$tested/examples/flake/drydock" "$1/examples/flake"
  cp "$tested"/nix/repository/python/*.sums "$1/nix/repository/python"
  for folder in . crates/workshop crates/chassis/fuzz nix/crate/swagger-ui; do
    mkdir -p "$1/$folder"
    printf '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n[dependencies]\n' >"$1/$folder/Cargo.toml"
    mkdir -p "$1/$folder/src"
    : >"$1/$folder/src/lib.rs"
    printf 'version = 4\n\n[[package]]\nname = "small"\nversion = "0.1.0"\n' >"$1/$folder/Cargo.lock"
  done
  : >"$1/nginx/tls/.gitkeep"
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nprintf "%%s" "$DRYDOCK_ROOT"\n' >"$1/app.sh"
  chmod +x "$1/app.sh"
  cat >"$1/flake.nix" <<FLAKE
{
  inputs.nixpkgs.url = "path:$scratch/pins/nixpkgs";
  inputs.crane.url = "path:$scratch/pins/crane";
  inputs.rust-overlay = { url = "path:$scratch/pins/rust-overlay"; inputs.nixpkgs.follows = "nixpkgs"; };
  inputs.advisory-db = { url = "path:$scratch/pins/advisory-db"; flake = false; };
  outputs = { self, ... }:
    let
      app = { type = "app"; program = "\${self}/app.sh"; };
    in
    {
      x = "ok";
      apps.$system = { up = app; down = app; affected = app; default = app; };
      formatter.$system = self.packages.$system.default;
      packages.$system.default = derivation {
        name = "small";
        system = "$system";
        builder = "/bin/sh";
        args = [ "-c" "echo \$src > \$out" ];
        src = ./.;
      };
    };
}
FLAKE
  cp "$scratch/flake.lock" "$1/flake.lock"
}

commit() { # FOLDER
  git -C "$1" init --quiet --initial-branch main
  git -C "$1" add --all
  git -C "$1" commit --quiet --message tree
}

checkout() { # FOLDER: a small tree in a repository; it is what `door` calls then.
  tree=$1
  small_tree "$tree"
  commit "$tree"
}

# A cache with copies of this machine's stand-ins; what is large and is never written in
# its place is a hard link.
seed() { # FOLDER
  mkdir -p "$1/apt" "$1/cargo/registry"
  for part in made private-nix private-shell apt/lists; do
    # Not into the folder in the store that a link is to.
    [ ! -e "$seeds/$part" ] || cp -aT --remove-destination "$seeds/$part" "$1/$part"
  done
  for part in apt/archives cargo/registry/cache; do
    [ ! -e "$seeds/$part" ] || cp -al "$seeds/$part" "$1/$part" 2>/dev/null || cp -a "$seeds/$part" "$1/$part"
  done
}

# Calls the front door; what it says is in $t/out and $t/err then, its code in $code.
door() { # ARGUMENT...
  code=0
  "$tree/drydock" "$@" >"$t/out" 2>"$t/err" </dev/null || code=$?
}

wrong() {
  echo "    $1"
  [ ! -e "$t/err" ] || sed 's/^/    output: /' "$t/out" "$t/err"
  return 1
}
works() { [ "$code" = 0 ] || wrong "it ends with $code"; }
fails() { [ "$code" = "${1:-1}" ] || wrong "it ends with $code instead of ${1:-1}"; }
answers() { works && { [ "$(cat "$t/out")" = "$1" ] || wrong "it does not answer '$1'"; }; }
says() { grep -qF -- "$1" "$t/err" || wrong "it does not say: $1"; }
says_not() { ! grep -qF -- "$1" "$t/err" || wrong "it says: $1"; }
evaluates() { door nix eval --raw .#x && answers ok; }

# Waits for a condition, for a minute at most.
await() { # COMMAND...
  for _ in {1..1200}; do
    ! "$@" || return 0
    sleep 0.05
  done
  wrong "this did not come true in a minute: $*"
}

# Another PATH, without some programs.
path_without() { # PROGRAM...
  mkdir -p "$t/path"
  local IFS=:
  # Of two that are called alike, the first is meant.
  for folder in $PATH; do find -L "$folder" -maxdepth 1 -type f -perm -1 -exec ln -st "$t/path" {} + 2>/dev/null || true; done
  for program; do rm -f "$t/path/$program"; done
  export PATH="$t/path"
}

# The store paths that a call has added, looked through for the marker.
leaks_nothing() { # COMMAND...
  # Other builds come and go there, so only names are read.
  (cd /nix/store && printf '/nix/store/%s\n' *) | sort >"$t/before"
  "$@"
  (cd /nix/store && printf '/nix/store/%s\n' *) | sort | comm -13 "$t/before" - >"$t/added"
  [ -s "$t/added" ] || wrong "nothing was added to the store, so nothing was looked at"
  while read -r path; do
    ! grep -rqs --binary-files=text -- "$marker" "$path" || wrong "$path has what git would ignore"
  done <"$t/added"
}

# --- What is copied ---------------------------------------------------------------

# Files that git ignores, each with the marker in it, and one of each place that it keeps.
mark() { # FOLDER
  mkdir -p "$1/nginx/tls" "$1/target/debug" "$1/.direnv" "$1/crates/chassis/fuzz/artifacts/headers" "$1/crates/chassis/fuzz/target"
  for file in nginx/tls/localhost.key target/debug/small .direnv/profile crates/chassis/fuzz/artifacts/headers/crash crates/chassis/fuzz/target/x result; do
    (umask 077 && echo "$marker" >"$1/$file")
  done
  # A tree of its own, so that no path is there before.
  echo "$RANDOM$RANDOM" >"$1/src/stamp"
}

calls_of_each_kind() {
  cd "$tree"
  evaluates
  door nix build --no-link
  works
  door nix flake metadata
  works
  door nix run
  works
  door nix fmt
  fails
  door nix build --no-link "$tree#default"
  works
  (cd src && door nix eval --raw .#x && answers ok)
  door affected
  answers "$tree"
  door nix eval --raw "path:.#x"
}

test_leaks_from_a_clone() {
  checkout "$t/tree"
  mark "$tree"
  git -C "$tree" add src/stamp
  leaks_nothing calls_of_each_kind
}

test_leaks_from_a_folder_without_git() {
  tree=$t/tree
  small_tree "$tree"
  mark "$tree"
  leaks_nothing calls_of_each_kind
  # What git would keep is there.
  evaluates
  [ ! -e "$tree/.git" ]
}

test_leaks_with_stand_ins_from_a_folder_without_git() {
  has_stand_ins || return 77
  tree=$t/tree
  small_tree "$tree"
  mark "$tree"
  mkdir "$tree/offline/nixpkgs/target"
  echo "$marker" >"$tree/offline/nixpkgs/target/x"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  leaks_nothing calls_of_each_kind
}

test_leaks_with_stand_ins_from_a_clone() {
  has_stand_ins || return 77
  checkout "$t/tree"
  mark "$tree"
  git -C "$tree" add src/stamp
  mkdir "$tree/offline/nixpkgs/target"
  echo "$marker" >"$tree/offline/nixpkgs/target/x"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  leaks_nothing calls_of_each_kind
}

test_leaks_where_git_refuses_the_repository() {
  tree=$t/tree
  small_tree "$tree"
  mark "$tree"
  mkdir "$tree/.git"
  leaks_nothing calls_of_each_kind
  evaluates
  says "git cannot read the repository in $tree"
}

test_leaks_inside_another_repository() {
  mkdir -p "$t/outer"
  echo outer >"$t/outer/file"
  commit "$t/outer"
  tree=$t/outer/tree
  small_tree "$tree"
  mark "$tree"
  leaks_nothing calls_of_each_kind
}

test_leaks_without_git() {
  tree=$t/tree
  small_tree "$tree"
  mark "$tree"
  path_without git
  leaks_nothing calls_of_each_kind
  evaluates
  says "there is no git here"
}

test_without_git_no_less_is_left_out() {
  # Each line of .gitignore, and others of its kinds, read without git.
  tree=$t/tree
  small_tree "$tree"
  mark "$tree"
  printf '*.pem\r\n**/deep/secret\n/docs/**/private \n' >>"$tree/.gitignore"
  mkdir -p "$tree/a/deep" "$tree/deep" "$tree/docs/b/private"
  for file in a/x.pem a/deep/secret deep/secret docs/b/private/x; do echo "$marker" >"$tree/$file"; done
  path_without git
  leaks_nothing calls_of_each_kind
}

test_leaks_from_a_worktree_and_a_submodule() {
  small_tree "$t/main"
  commit "$t/main"
  git -C "$t/main" worktree add --quiet "$t/tree"
  mkdir "$t/outer"
  git -C "$t/outer" init --quiet
  git -C "$t/outer" -c protocol.file.allow=always submodule --quiet add "$t/main" tree
  for tree in "$t/tree" "$t/outer/tree"; do
    mark "$tree"
    git -C "$tree" add src/stamp
    leaks_nothing calls_of_each_kind
  done
}

test_a_nested_repository_stays_out() {
  tree=$t/tree
  small_tree "$tree"
  mark "$tree"
  mkdir "$tree/nested"
  echo "$marker" >"$tree/nested/file"
  git -C "$tree/nested" init --quiet
  leaks_nothing calls_of_each_kind
}

# --- Names ------------------------------------------------------------------------

# shellcheck disable=SC2016 # these are names
names=('c#' 'q"uote' 'br[ack]et' 'back\slash' 'two  words ' 'a$HOME$(id)' '100%25' 'a?dir=b&c' "it's" $'line\nend\n' 'ümlaut' 'co:lon' '{a,b}*~' '-dash' "${every_byte[@]}")

test_names_of_checkouts() {
  for name in "${names[@]}"; do
    checkout "$t/$name"
    door affected
    # $(...) takes line ends away, on both sides.
    answers "$(printf '%s' "$tree")"
    (cd "$tree" && evaluates)
    says_not 'does not contain'
  done
}

test_names_of_folders_without_git() {
  for name in "${every_byte[@]}"; do
    tree=$t/$name
    small_tree "$tree"
    door affected
    answers "$(printf '%s' "$tree")"
    (cd "$tree" && evaluates)
  done
}

test_names_of_checkouts_with_stand_ins() {
  has_stand_ins || return 77
  seed "$XDG_CACHE_HOME/drydock"
  for name in "${every_byte[@]}"; do
    checkout "$t/$name"
    export DRYDOCK_INPUTS=offline
    (cd "$tree" && evaluates)
  done
}

test_names_of_the_cache() {
  has_stand_ins || return 77
  checkout "$t/tree"
  # Another list of packages, which are in the copied cache, has to be made for it.
  small_tests_part
  path_without nix nix-store
  for name in "${every_byte[@]}"; do
    export XDG_CACHE_HOME=$t/$name DRYDOCK_INPUTS=offline
    seed "$XDG_CACHE_HOME/drydock"
    cd "$tree"
    evaluates
    echo "$RANDOM$RANDOM" >src/lib.rs
    # Its /bin/sh is the one that private Nix brings.
    door nix build --no-link
    works
  done
}

test_names_of_the_temporary_folder() {
  tree=$t/tree
  small_tree "$tree"
  export TMPDIR=$t/${every_byte[0]}
  mkdir "$TMPDIR"
  cd "$tree"
  evaluates
  [ -z "$(ls -A "$TMPDIR")" ]
}

test_line_ends_stay_as_they_are() {
  small_tree "$t/tree"
  cp "$tested/.gitattributes" "$t/tree" || wrong "there is no .gitattributes"
  printf 'kept\r\n' >"$t/tree/src/carriage-return"
  commit "$t/tree"
  git -c core.autocrlf=true clone --quiet "$t/tree" "$t/clone"
  tree=$t/clone
  door help
  works
  cmp "$t/tree/drydock" "$t/clone/drydock"
  cmp "$t/tree/src/carriage-return" "$t/clone/src/carriage-return"
}

# --- What git does not know ---------------------------------------------------------

test_files_that_git_does_not_know() {
  checkout "$t/tree"
  echo >"$tree/src/new one.rs"
  echo >"$tree/src/other.rs"
  echo >"$tree/note.txt"
  mark "$tree"
  door nix build --no-link "$tree"
  works
  says "git does not know 'src/new one.rs' src/other.rs src/stamp, so no build has them; this adds them: git add -N 'src/new one.rs' src/other.rs src/stamp"
  says_not note.txt
  says_not localhost.key
  says_not target
  git -C "$tree" add -N src
  door nix build --no-link "$tree"
  works
  says_not "git does not know"
}

test_a_checkout_of_another_owner() {
  [ "$(id -u)" = 0 ] || return 77
  checkout "$t/its tree"
  chown -R 65534 "$tree"
  door nix eval --raw "$tree#x"
  fails
  says "git config --global --add safe.directory '$tree'"
  git config --global --add safe.directory "$tree"
  cd "$tree"
  evaluates
}

test_variables_of_a_git_hook() {
  checkout "$t/tree"
  cd "$tree"
  GIT_DIR=/none GIT_INDEX_FILE=/none/index GIT_WORK_TREE=/none door nix eval --raw .#x
  answers ok
}

# --- Where packages come from -------------------------------------------------------

# Nothing is reachable: no Nix cache, and the folders of the inputs only by their place.
far_away() {
  unset DRYDOCK_INPUTS
  export NIX_CONFIG="substituters = http://127.0.0.1:9
extra-experimental-features = nix-command flakes"
}

# Inputs that no store has yet.
new_pins() {
  cp -R "$scratch/pins" "$t/pins"
  echo "# $RANDOM$RANDOM" | tee -a "$t"/pins/*/flake.nix "$t/pins/advisory-db/file" >/dev/null
  sed -i "s|$scratch/pins|$t/pins|" "$tree/flake.nix"
  (cd "$tree" && "$nix" --extra-experimental-features 'nix-command flakes' flake lock 2>/dev/null)
  git -C "$tree" add --all
  # Their folders are in the store now, for as long as nobody collects it.
  sed -n 's/.*"narHash": "sha256-\([^"]*\)".*/\1/p' "$tree/flake.lock" >"$t/hashes"
  while read -r hash; do
    hash=$("$nix" --extra-experimental-features nix-command hash convert --hash-algo sha256 --from base64 --to nix32 "$hash")
    path=$("${nix%/*}/nix-store" --print-fixed-path --recursive sha256 "$hash" source)
    "${nix%/*}/nix-store" --delete "$path" >/dev/null 2>&1 || true
    [ ! -e "$path" ]
  done <"$t/hashes"
}

reachable() {
  mkdir -p "$t/cache"
  printf 'StoreDir: /nix/store\n' >"$t/cache/nix-cache-info"
  # One that does not answer stands before it.
  export NIX_CONFIG="substituters = http://127.0.0.1:9 file://$t/cache
extra-experimental-features = nix-command flakes"
}

test_inputs_that_are_here_need_no_network() {
  checkout "$t/tree"
  cd "$tree"
  DRYDOCK_INPUTS=connected evaluates
  far_away
  evaluates
  says_not "out of reach"
  says_not "stand-ins"
}

test_inputs_come_where_any_cache_answers() {
  checkout "$t/tree"
  new_pins
  far_away
  reachable
  cd "$tree"
  evaluates
  says_not "out of reach"
}

test_a_hiccup_changes_nothing() {
  checkout "$t/tree"
  new_pins
  far_away
  reachable
  cd "$tree"
  evaluates
  # New inputs, and no network.
  rm -rf "$t/pins"
  new_pins
  mv "$t/pins" "$t/gone"
  door nix eval --raw .#x
  fails
  says "cannot be fetched now, as they could before"
  far_away
  door nix eval --raw .#x
  fails
  says "none of the Nix caches answers"
  mv "$t/gone" "$t/pins"
  reachable
  evaluates
}

test_stand_ins_are_said_first_and_last() {
  has_stand_ins || return 77
  checkout "$t/tree"
  new_pins
  far_away
  seed "$XDG_CACHE_HOME/drydock"
  cd "$tree"
  mkdir "$t/bin"
  printf '#!/bin/sh\n' >"$t/bin/docker"
  chmod +x "$t/bin/docker"
  PATH=$t/bin:$PATH door up
  answers "$tree"
  head -n 1 "$t/err" | grep -qF "out of reach" || wrong "the first line does not say so"
  tail -n 1 "$t/err" | grep -qF "built from stand-ins" || wrong "the last line does not say so"
  door nix build --no-link
  tail -n 1 "$t/err" | grep -qF "built from stand-ins" || wrong "the last line of a build does not say so"
}

test_a_refusal_is_asked_again_soon() {
  has_stand_ins || return 77
  checkout "$t/tree"
  new_pins
  far_away
  seed "$XDG_CACHE_HOME/drydock"
  cd "$tree"
  evaluates
  says "out of reach"
  # The answer is kept: what is reachable now is not asked for,
  reachable
  evaluates
  says "out of reach"
  # until two minutes have gone by.
  touch -d '2 minutes ago' "$XDG_CACHE_HOME"/drydock/offline "$XDG_CACHE_HOME"/drydock/inputs
  evaluates
  says_not "out of reach"
}

test_an_answer_that_a_full_disk_cut_off() {
  has_stand_ins || return 77
  checkout "$t/tree"
  new_pins
  far_away
  seed "$XDG_CACHE_HOME/drydock"
  : >"$XDG_CACHE_HOME/drydock/offline"
  : >"$XDG_CACHE_HOME/drydock/inputs"
  mkdir -p "$XDG_CACHE_HOME/drydock/pinned"
  cd "$tree"
  evaluates
  says "out of reach"
  for file in "$XDG_CACHE_HOME"/drydock/pinned/*; do : >"$file"; done
  evaluates
  says "out of reach"
}

# --- The cache ------------------------------------------------------------------------

test_entries_that_a_full_disk_cut_off() {
  has_stand_ins || return 77
  checkout "$t/tree"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  cd "$tree"
  evaluates
  for how in empty half; do
    for part in lock stand_ins crates; do
      for file in "$XDG_CACHE_HOME/drydock/made/$part"/*; do
        if [ "$how" = half ]; then head -c 40 "$file" >"$t/half"; else : >"$t/half"; fi
        rm "$file"
        cp "$t/half" "$file"
      done
    done
    # What older front doors had there.
    for file in flake.lock machine/lock.json; do [ ! -e "$XDG_CACHE_HOME/drydock/$file" ] || : >"$XDG_CACHE_HOME/drydock/$file"; done
    evaluates
    says_not "error"
  done
}

test_paths_that_the_store_has_lost() {
  has_stand_ins || return 77
  checkout "$t/tree"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  cd "$tree"
  echo "$RANDOM" >offline/nixpkgs/README
  git add --all
  evaluates
  path=$(newest_folder stand_ins)
  "${nix%/*}/nix-store" --delete "$path" >/dev/null 2>&1 || wrong "$path is in use"
  evaluates
  [ -e "$path" ]
}

test_half_a_nix() {
  has_stand_ins && [ -n "$private" ] && [ ! -e /nix/var/nix/profiles/default/bin/nix ] || return 77
  checkout "$t/tree"
  seed "$XDG_CACHE_HOME/drydock"
  path_without nix nix-store
  export DRYDOCK_INPUTS=offline CI=true
  cd "$tree"
  rm "$XDG_CACHE_HOME/drydock/private-shell"
  deb=$(echo "$XDG_CACHE_HOME"/drydock/apt/archives/nix-bin_*)
  good=$(sha256sum <"$deb")
  spoil "$deb"
  # What a call has left that was killed.
  mkdir -p "$XDG_CACHE_HOME/drydock/half-made/nix/bin"
  evaluates
  says "unpacking Nix"
  [ "$(sha256sum <"$deb")" = "$good" ] || wrong "it is unpacked from other bytes"
  [ ! -e "$XDG_CACHE_HOME/drydock/half-made" ]
  evaluates
  says_not "unpacking Nix"
}

# Prints the folder in the store of the part that was made last.
newest_folder() { # PART
  find "$XDG_CACHE_HOME/drydock/made/$1" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2- | xargs head -n 1
}

test_a_full_disk() {
  has_stand_ins || return 77
  checkout "$t/tree"
  mkdir -p "$t/disk"
  mount -t tmpfs -o size=4m tmpfs "$t/disk" 2>/dev/null || return 77
  trap 'umount "$t/disk"' EXIT
  export XDG_CACHE_HOME=$t/disk DRYDOCK_INPUTS=offline
  mkdir "$t/disk/drydock"
  cp -a "$seeds/made" "$seeds"/private-* "$t/disk/drydock"
  cd "$tree"
  evaluates
  # A disk that is full up to some bytes, while something has to be made.
  for free in 0 1 4096 8192; do
    echo "$RANDOM$RANDOM" >offline/nixpkgs/README
    git add --all
    dd if=/dev/zero of="$t/disk/full" bs=4k 2>/dev/null || true
    truncate -s "-$free" "$t/disk/full"
    door nix eval --raw .#x
    [ "$code" = 0 ] || says "error"
    rm "$t/disk/full"
    evaluates
    says_not "error"
  done
}

# Changes a byte of a file, and not its size; the one that it is linked to stays.
spoil() { # FILE
  cp "$1" "$t/spoilt"
  printf 'x' | dd of="$t/spoilt" bs=1 seek="$(($(stat -c %s "$1") / 2))" conv=notrunc status=none
  rm "$1"
  cp "$t/spoilt" "$1"
}

test_packages_with_other_bytes() {
  has_stand_ins || return 77
  checkout "$t/tree"
  small_tests_part
  git -C "$tree" add --all
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  apt=$XDG_CACHE_HOME/drydock/apt
  good=$(sha256sum "$apt"/archives/patchelf_* | cut -d ' ' -f 1)
  other=$(echo "$apt"/archives/libstdc++6_*)
  good_other=$(sha256sum "$other" | cut -d ' ' -f 1)
  spoil "$apt"/archives/patchelf_*
  head -c 1000 "$other" >"$t/short"
  rm "$other"
  cp "$t/short" "$other"
  # And half a list.
  for list in "$apt"/lists/*_Packages*; do
    head -c 1000000 "$list" >"$t/short"
    rm "$list"
    cp "$t/short" "$list"
  done
  cd "$tree"
  evaluates
  [ "$(sha256sum "$apt"/archives/patchelf_* | cut -d ' ' -f 1)" = "$good" ] || wrong "the spoilt package is still there"
  [ "$(sha256sum "$other" | cut -d ' ' -f 1)" = "$good_other" ] || wrong "the short package is still there"
  lock=$(newest_folder tests)/lock.json
  grep -q "\"patchelf_.*\": \"$good\"" "$lock" || wrong "lock.json vouches for other bytes"
}

# A crate with one dependency, as the registry has it, and a fuzz crate whose lock does
# not know it yet.
with_a_dependency() {
  with_a_dependency_of small
  git -C "$tree" add --all
}
with_a_dependency_of() { # PACKAGE
  checksum=$(awk '$3 == "\"cfg-if\"" { found = 1 } found && $1 == "checksum" { print $3; exit }' "$tested/Cargo.lock")
  crate=cfg-if-$(awk '$3 == "\"cfg-if\"" { found = 1 } found && $1 == "version" { gsub("\"", "", $3); print $3; exit }' "$tested/Cargo.lock")
  echo 'cfg-if = "1"' >>"$tree/Cargo.toml"
  printf 'version = 4\n\n[[package]]\nname = "cfg-if"\nversion = "%s"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = %s\n\n[[package]]\nname = "%s"\nversion = "0.1.0"\ndependencies = [\n "cfg-if",\n]\n' \
    "${crate##*-}" "$checksum" "$1" >"$tree/Cargo.lock"
}

test_crates_with_other_bytes() {
  has_stand_ins || return 77
  checkout "$t/tree"
  with_a_dependency
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  cd "$tree"
  file=$(echo "$XDG_CACHE_HOME"/drydock/cargo/registry/cache/*/"$crate.crate")
  spoil "$file"
  evaluates
  [ "\"$(sha256sum "$file" | cut -d ' ' -f 1)\"" = "$checksum" ] || wrong "the spoilt crate is still there"
  : >"$t/empty"
  rm "$file"
  cp "$t/empty" "$file"
  rm -r "$XDG_CACHE_HOME"/drydock/{made/,}crates 2>/dev/null || true
  evaluates
  [ "\"$(sha256sum "$file" | cut -d ' ' -f 1)\"" = "$checksum" ] || wrong "the empty crate is still there"
}

test_a_lock_that_is_not_used_stops_nothing() {
  has_stand_ins || return 77
  command -v cargo >/dev/null || return 77
  checkout "$t/tree"
  with_a_dependency
  printf 'small = { path = "../../.." }\n' >>"$tree/crates/chassis/fuzz/Cargo.toml"
  sed -i 's/name = "small"/name = "small-fuzz"/' "$tree/crates/chassis/fuzz/Cargo.toml" "$tree/crates/chassis/fuzz/Cargo.lock"
  git -C "$tree" add --all
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  mkdir "$t/bin"
  printf '#!/bin/sh\n' >"$t/bin/docker"
  chmod +x "$t/bin/docker"
  PATH=$t/bin:$PATH
  door up
  answers "$tree"
  cd "$tree"
  evaluates
  door test
  fails
  says "$tree/crates/chassis/fuzz/Cargo.lock does not fit $tree/crates/chassis/fuzz/Cargo.toml"
  says "cargo update --workspace --manifest-path $tree/crates/chassis/fuzz/Cargo.toml"
}

test_two_revisions_at_once() {
  has_stand_ins || return 77
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  for name in one two; do
    checkout "$t/$name"
    echo "$name$RANDOM" >"$tree/offline/nixpkgs/README"
    sed -i "s/x = \"ok\"/x = \"$name\"/" "$tree/flake.nix"
    git -C "$tree" add --all
  done
  pids=()
  for round in 1 2 3; do
    for name in one two; do
      (cd "$t/$name" && ./drydock nix eval --raw .#x >"$t/out-$name-$round" 2>"$t/err-$name-$round" </dev/null) &
      pids+=($!)
    done
  done
  for pid in "${pids[@]}"; do wait "$pid" || wrong "one of them failed: $(tail -qn 3 "$t"/err-*)"; done
  for round in 1 2 3; do
    for name in one two; do [ "$(cat "$t/out-$name-$round")" = "$name" ] || wrong "$name answers otherwise"; done
  done
  # Each has its own: neither is made again for the other.
  for name in one two; do
    tree=$t/$name
    (cd "$tree" && makes_nothing)
  done
}

# A call that makes nothing.
makes_nothing() {
  cached >"$t/entries"
  door nix eval --raw .#x
  works
  cached | cmp -s - "$t/entries" || wrong "something was made again"
}
cached() {
  find "$XDG_CACHE_HOME/drydock" \( -path '*/made/*' -o -name flake.lock \) -type f -printf '%i %p\n' -exec cksum {} \; | sort
}

test_stopped_half_way() {
  has_stand_ins || return 77
  checkout "$t/tree"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  cd "$tree"
  for signal in KILL TERM INT; do
    # A part that takes long enough to be stopped.
    small_tests_part
    rm -rf "$XDG_CACHE_HOME/drydock/made/tests" "$XDG_CACHE_HOME/drydock/tests"
    # What is started beside a script would not see SIGINT.
    env --default-signal=INT setsid ./drydock nix eval --raw .#x >"$t/out" 2>"$t/err" </dev/null &
    pid=$!
    # shellcheck disable=SC2329 # await calls it
    half_made() { [ -e "$XDG_CACHE_HOME/drydock/half-made/tests" ] || [ -e "$XDG_CACHE_HOME/drydock/tests.new" ]; }
    await half_made
    kill -s "$signal" -- "-$pid"
    code=0
    wait "$pid" || code=$?
    [ "$code" != 0 ] || wrong "it ends with 0 after SIG$signal"
    [ "$signal" = KILL ] || await [ ! -e "$XDG_CACHE_HOME/drydock/half-made" ]
    evaluates
    [ ! -e "$XDG_CACHE_HOME/drydock/half-made" ] || wrong "what was half-made stays"
  done
}

# --- A second repository ----------------------------------------------------------------

# A folder whose flake has Drydock for its input, with what git ignores in it, too.
second_repository() { # FOLDER URL
  mkdir -p "$1/src" "$1/nginx/tls" "$1/target"
  printf '[package]\nname = "second"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\n' >"$1/Cargo.toml"
  printf 'version = 4\n\n[[package]]\nname = "second"\nversion = "0.1.0"\n' >"$1/Cargo.lock"
  echo 'fn main() {}' >"$1/src/main.rs"
  printf 'target\nnginx/tls\nresult\n' >"$1/.gitignore"
  for file in nginx/tls/localhost.key target/x result; do echo "$marker" >"$1/$file"; done
  echo "$RANDOM$RANDOM" >"$1/src/stamp"
  cp "$tested/examples/flake/drydock" "$1/drydock"
  # shellcheck disable=SC2016
  printf '{\n  inputs.drydock.url = "%s";\n  outputs = { self, drydock }: drydock // { y = "second"; src = "${self}"; };\n}\n' "$2" >"$1/flake.nix"
}

# The same in a repository of its own.
second_checkout() { # FOLDER URL
  second_repository "$@"
  commit "$1"
}

second_evaluates() { door nix eval --raw .#y && answers second; }

# Calls of each kind, from the second repository.
calls_from() { # FOLDER
  cd "$1"
  second_evaluates
  door up
  answers "$1"
  door nix eval --raw .#src
  works
  (cd src && door down && answers "$1")
  door nix build --no-link ".#packages.$system.default"
  works
}

test_second_a_repository_is_worked_on_from_within() {
  checkout "$t/tree"
  second_checkout "$t/second" "git+file://$tree"
  leaks_nothing calls_from "$t/second"
  says_not "stands for it"
  second_repository "$t/plain" "git+file://$tree"
  leaks_nothing calls_from "$t/plain"
  [ -e flake.lock ] || wrong "no flake.lock is written"
  # Nix would copy what is named so whole.
  mark "$tree"
  git -C "$tree" add src/stamp
  second_checkout "$t/third" "path:$tree"
  leaks_nothing calls_from "$t/third"
  says "the input drydock is $tree"
}

test_second_names_of_folders() {
  checkout "$t/tree"
  for name in "${names[@]}"; do
    second_checkout "$t/$name" "git+file://$tree"
    cd "$t/$name"
    second_evaluates
    door affected
    fails
    says "'affected' is for Drydock's own repository"
  done
  for name in "${every_byte[@]}"; do
    second_repository "$t/plain-$name" "git+file://$tree"
    cd "$t/plain-$name"
    second_evaluates
  done
}

test_second_with_stand_ins() {
  has_stand_ins || return 77
  checkout "$t/tree"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  second_checkout "$t/second" github:OWNER/drydock
  leaks_nothing calls_from "$t/second"
  says "github:OWNER/drydock cannot be had now, and no flake.lock pins it: $tree ($(git -C "$tree" rev-parse HEAD)) stands for it"
  [ ! -e "$t/second/flake.lock" ] || wrong "a flake.lock is written"
  # With changes that are in no revision.
  mark "$tree"
  git -C "$tree" add src/stamp
  leaks_nothing calls_from "$t/second"
  says "$tree (which has changes) stands for it"
  for name in "${every_byte[@]}"; do
    second_repository "$t/$name" github:OWNER/drydock
    cd "$t/$name"
    second_evaluates
  done
}

# A lock that pins Drydock at a revision of some repository on GitHub.
pin() { # FOLDER REVISION HASH
  cat >"$1/flake.lock" <<LOCK
{
  "nodes": {
    "drydock": {
      "locked": {
        "lastModified": 1,
        "narHash": "$3",
        "owner": "OWNER",
        "repo": "drydock",
        "rev": "$2",
        "type": "github"
      },
      "original": { "owner": "OWNER", "repo": "drydock", "type": "github" }
    },
    "root": { "inputs": { "drydock": "drydock" } }
  },
  "root": "root",
  "version": 7
}
LOCK
  [ ! -e "$1/.git" ] || git -C "$1" add flake.lock
}

test_second_nobody_gets_another_drydock_unsaid() {
  has_stand_ins || return 77
  checkout "$t/tree"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  second_checkout "$t/second" github:OWNER/drydock
  pin "$t/second" 1111111111111111111111111111111111111111 sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
  cd "$t/second"
  second_evaluates
  says "flake.lock pins drydock 1111111111111111111111111111111111111111, which cannot be had now: $tree ($(git -C "$tree" rev-parse HEAD)) stands for it"
  # The same revision is no other.
  pin "$t/second" "$(git -C "$tree" rev-parse HEAD)" sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
  second_evaluates
  says_not "stands for it"
  # The one that is pinned is in the store: it goes on, with stand-ins of its own.
  mkdir "$t/pinned"
  git -C "$tree" archive HEAD | tar -x -C "$t/pinned"
  sed -i 's/x = "ok"/x = "pinned"/' "$t/pinned/flake.nix"
  mv "$t/pinned" "$t/source"
  path=$("${nix%/*}/nix-store" --recursive --add-fixed sha256 "$t/source")
  hash=$("$nix" --extra-experimental-features nix-command hash path "$path")
  pin "$t/second" 2222222222222222222222222222222222222222 "$hash"
  door nix eval --raw .#x
  answers pinned
  says_not "stands for it"
}

test_second_the_file_of_the_template() {
  has_stand_ins || return 77
  checkout "$t/tree"
  second_checkout "$t/second" "git+file://$tree"
  revision=$(git -C "$tree" rev-parse HEAD)
  (cd "$t/second" && "$nix" --extra-experimental-features 'nix-command flakes' flake lock 2>/dev/null)
  grep -q "$revision" "$t/second/flake.lock"
  git -C "$t/second" add --all
  # What comes later is not what is pinned.
  sed -i 's/x = "ok"/x = "later"/' "$tree/flake.nix"
  printf '#!/bin/sh\necho later\n' >"$tree/drydock"
  git -C "$tree" commit --quiet --all --message later
  later=$tree
  tree=$t/second
  cd "$t"
  # In its folder and from elsewhere.
  door nix eval --raw "$tree#x"
  says "fetching the front door from file://$later at $revision"
  door up
  answers "$tree"
  says_not "fetching"
  door nix eval --raw "$tree#x"
  answers ok
  DRYDOCK_HOME=$later door up
  answers later
  DRYDOCK_HOME=$t door up
  fails
  says "$t has no Drydock in it, and DRYDOCK_HOME says so"
  sed -i 's|"git+file.*"|"github:OWNER/drydock"|' "$tree/flake.nix"
  rm "$tree/flake.lock"
  # Nothing answers there.
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$t/none/.insteadOf" GIT_CONFIG_VALUE_0=https://github.com/ door up
  fails
  says "https://github.com/OWNER/drydock cannot be reached, and no flake.lock pins Drydock yet; DRYDOCK_HOME names a folder that has it"
}

test_second_crates_are_fetched() {
  has_stand_ins || return 77
  command -v cargo >/dev/null || return 77
  checkout "$t/tree"
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  second_repository "$t/second's" github:OWNER/drydock
  own=$tree
  tree=$t/second\'s
  with_a_dependency_of second
  # A path dependency, and a lock that cannot be fetched, beside it.
  mkdir -p "$tree/beside/src" "$tree/odd \"name"
  echo 'beside = { path = "beside" }' >>"$tree/Cargo.toml"
  printf '[package]\nname = "beside"\nversion = "0.1.0"\n' >"$tree/beside/Cargo.toml"
  : >"$tree/beside/src/lib.rs"
  sed -i '/ "cfg-if",/i\ "beside",' "$tree/Cargo.lock"
  printf '\n[[package]]\nname = "beside"\nversion = "0.1.0"\n' >>"$tree/Cargo.lock"
  printf '[package]\nname = "odd"\nversion = "0.1.0"\n[workspace]\n' >"$tree/odd \"name/Cargo.toml"
  printf 'version = 4\n\n[[package]]\nname = "from-git"\nversion = "0.1.0"\nsource = "git+https://example.org/x#1111111111111111111111111111111111111111"\n' >"$tree/odd \"name/Cargo.lock"
  file=$(echo "$XDG_CACHE_HOME"/drydock/cargo/registry/cache/*/"$crate.crate")
  spoil "$file"
  commit "$tree"
  cd "$tree"
  tree=$own
  second_evaluates
  [ "\"$(sha256sum "$file" | cut -d ' ' -f 1)\"" = "$checksum" ] || wrong "the spoilt crate is still there"
  says "/Cargo.lock has from-git from git+https://example.org/x"
  second_evaluates
  says_not from-git
}

test_second_words_of_its_flake() {
  has_stand_ins || return 77
  checkout "$t/tree"
  # One that is in the copied cache.
  echo 'patchelf patchelf' >"$tree/offline/nixpkgs/library-kits"
  git -C "$tree" commit --quiet --all --message kits
  seed "$XDG_CACHE_HOME/drydock"
  export DRYDOCK_INPUTS=offline
  second_checkout "$t/second" github:OWNER/drydock
  cd "$t/second"
  second_evaluates
  ! grep -q '"patchelf":' "$(newest_folder libraries)/lock.json" || wrong "what no file names is fetched"
  sed -i 's/y = "second";/y = "second"; z = pkgs: [ pkgs.patchelf ];/' flake.nix
  second_evaluates
  grep -q '"patchelf":' "$(newest_folder libraries)/lock.json" || wrong "it is not fetched"
  grep -q '"words": .*"drydock"' "$(newest_folder libraries)/lock.json"
}

test_second_a_refusal_has_no_trace() {
  checkout "$t/tree"
  second_checkout "$t/second" "git+file://$tree"
  cd "$t/second"
  cp flake.nix accepted.nix
  sed -i 's/drydock \/\/ {/builtins.seq (throw "drydock: the setting port is 0") {/' flake.nix
  for call in up 'nix build'; do
    # shellcheck disable=SC2086
    door $call
    fails
    says 'drydock: error: the setting port is 0'
    says_not '…'
  done
  door nix build --show-trace
  fails
  says '…'
  mv accepted.nix flake.nix
  door up
  answers "$t/second"
}

test_second_what_is_no_such_folder() {
  checkout "$t/tree"
  mkdir -p "$t/crate" "$t/other"
  : >"$t/crate/Cargo.toml"
  cd "$t/crate"
  door up
  fails
  says "there is no flake.nix in $t/crate, where Cargo.toml is; these lines make one"
  echo '{ outputs = _: { }; }' >"$t/other/flake.nix"
  cd "$t/other"
  door up
  fails
  says "$t/other/flake.nix has no input drydock"
  echo '{' >"$t/other/flake.nix"
  door up
  fails
  says "$t/other/flake.nix cannot be read"
  cp -R "$tree" "$t/copy"
  cd "$t/copy"
  door up
  fails
  says "$t/copy is a Drydock of its own"
  cp "$tree/drydock" "$t/crate/drydock"
  "$t/crate/drydock" up 2>"$t/err" && wrong "a copy of it works"
  says "is a copy of the front door without its folder"
}

# --- What is asked for ------------------------------------------------------------------

# No Nix, and an apt that cannot do anything: whether it is called is what is looked at.
without_nix() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ ! -e /nix/var/nix/profiles/default/bin/nix ] || return 77
  checkout "$t/tree"
  rm -f "$XDG_CACHE_HOME"/drydock/private-*
  path_without nix nix-store apt-get
  printf '#!/bin/sh\necho "$@" >> "%s/apt-was-called"\nexit 1\n' "$t" >"$t/path/apt-get"
  chmod +x "$t/path/apt-get"
}
asked() { [ ! -e "$t/apt-was-called" ]; }

test_nothing_is_installed_unasked() {
  without_nix || return
  door nix --version
  fails
  asked || wrong "it installs without being asked"
  says "Nobody is here to answer; -y, or CI=true in the environment, says yes"
  says "Nix"
  CI='' door nix --version
  fails
  asked || wrong "an empty CI is taken for a yes"
}

test_yes_before_and_after_the_command() {
  without_nix || return
  for arguments in '-y nix --version' 'nix -y --version' 'up -y' 'dev --host -y' 'test -y'; do
    rm -f "$t/apt-was-called"
    # shellcheck disable=SC2086
    door $arguments
    ! asked || wrong "$arguments is not taken for a yes"
  done
  rm -f "$t/apt-was-called"
  CI=1 door nix --version
  ! asked || wrong "CI is not taken for a yes"
}

question() { grep -q '\[Y/n\]' "$t/out"; }

test_a_terminal_is_asked() {
  command -v script >/dev/null || return 77
  without_nix || return
  export tree t
  code=0
  # Whoever types before the question would answer another one.
  : >"$t/out"
  # shellcheck disable=SC2016
  (await question && echo n) | script -qfec '"$tree/drydock" nix --version' /dev/null >"$t/out" 2>"$t/err" || code=$?
  asked || wrong "it installs after a no"
  question || wrong "it does not ask"
  : >"$t/out"
  # shellcheck disable=SC2016
  (await question && echo y) | script -qfec '"$tree/drydock" nix --version' /dev/null >"$t/out" 2>"$t/err" || true
  ! asked || wrong "it does not install after a yes"
}

test_commands_that_there_are_not() {
  checkout "$t/tree"
  door upp
  fails 2
  says "there is no command 'upp'"
  door up now
  fails
  says "'up' takes no arguments; there is: now"
  DRYDOCK_INPUTS=online door nix --version
  fails
  says "DRYDOCK_INPUTS is 'online'; it may be auto, connected or offline"
}

# --- The run ------------------------------------------------------------------------------

export HOME=$scratch/home
mkdir "$HOME"
system=$("$nix" config show system --extra-experimental-features nix-command)
for input in nixpkgs crane rust-overlay; do
  mkdir -p "$scratch/pins/$input"
  echo "{ outputs = _: { name = \"$input\"; }; }" >"$scratch/pins/$input/flake.nix"
done
echo '{ inputs.nixpkgs = { }; outputs = _: { }; }' >"$scratch/pins/rust-overlay/flake.nix"
mkdir "$scratch/pins/advisory-db"
: >"$scratch/flake.lock"
small_tree "$scratch/locked"
rm "$scratch/locked/flake.lock"
"$nix" --extra-experimental-features 'nix-command flakes' flake lock "path:$scratch/locked" 2>"$scratch/log" || { cat "$scratch/log"; exit 1; }
cp "$scratch/locked/flake.lock" "$scratch/flake.lock"

# Runs a test; what it prints is in $scratch/NAME.log then, its code and its time in NAME.code.
run() { # NAME
  t=$scratch/$1
  mkdir -p "$t/home"
  local start=$SECONDS code
  # Behind a || nothing in there would end it.
  set +e
  (
    set -e
    export HOME=$t/home XDG_CACHE_HOME=$t/home/.cache DRYDOCK_INPUTS=connected
    [ -z "$private" ] || { mkdir -p "$XDG_CACHE_HOME/drydock" && cp -P "$seeds"/private-* "$XDG_CACHE_HOME/drydock"; }
    cd "$t"
    "test_$1"
  ) >"$t.log" 2>&1 </dev/null
  code=$?
  set -e
  echo "$code $((SECONDS - start))" >"$t.code"
  chmod -R u+w "$t"
  rm -rf "$t"
}

names=()
for name in $(declare -F | sed -n 's/^declare -f test_//p'); do
  [[ $name != *${1:-}* ]] || names+=("$name")
done
[ ${#names[@]} -gt 0 ] || { echo "no test's name has '$1' in it" >&2; exit 2; }

# One for each processor at a time.
trap 'kill $(jobs -p) 2>/dev/null || :; wait; chmod -R u+w "$scratch" 2>/dev/null || :; rm -rf "$scratch"' EXIT
lanes=$(nproc)
for name in "${names[@]}"; do
  while [ "$(jobs -pr | wc -l)" -ge "$lanes" ]; do wait -n || :; done
  run "$name" &
done
wait

passed=0 failed=0 left_out=()
for name in "${names[@]}"; do
  read -r code took <"$scratch/$name.code" || code=none took="?"
  case $code in
    0) passed=$((passed + 1)) ;;
    77) left_out+=("$name") ;;
    *)
      failed=$((failed + 1))
      echo "front door: $name ... FAILED after $took s"
      cat "$scratch/$name.log"
      ;;
  esac
  [ -z "${DRYDOCK_TEST_TIMES:-}" ] || echo "$took s $name"
done

[ ${#left_out[@]} = 0 ] || echo "front door: left out, since this machine has no stand-ins, or more than one Nix: ${left_out[*]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
