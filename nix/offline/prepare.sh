# shellcheck shell=sh disable=SC2154 # drydock assigns root and cache
# Brings what the stand-ins for the flake's inputs are made of into the Nix
# store, as content-addressed files, and writes machine/lock.json, which names
# them by hash. Sourced by ./drydock, whose helpers it uses. The stand-ins see
# nothing of the machine but that file.

prepare_offline() {
  rust=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml")
  [ -n "$rust" ] || die "$root/rust-toolchain.toml names no channel"
  prepared machine "$root/nix/offline/nixpkgs/kits" "$root/nix/offline/nixpkgs/cargo-tools" \
    "$root/nix/offline/prepare.sh" "$root/rust-toolchain.toml"
  prepared python "$root"/nix/python/*.sums
  # A browser is ten times the size of all the rest, and nothing to start a stack with.
  case $command in
    up | dev | down) ;;
    engine) prepared engine "$root/nix/offline/nixpkgs/engine-kits" "$root/nix/offline/prepare.sh" ;;
    *)
      prepared tests "$root/nix/offline/nixpkgs/test-kits" "$root/nix/offline/prepare.sh"
      ! have npm || prepared npm "$root/nix/offline/nixpkgs/npm-packages"
      ;;
  esac
  # Nor is what the service is measured with, and an editor's programs, which only who
  # opens the shell has a use for.
  case "$command $subcommand" in
    bench* | "nix develop" | "nix print-dev-env")
      prepared bench "$root/nix/offline/nixpkgs/bench-kits" "$root"/nix/python/bench/*.sums \
        "$root/bench/servers/Cargo.lock" "$root/bench/building/grown/Cargo.lock" "$root/nix/offline/prepare.sh"
      ;;
  esac
  case "$command $subcommand" in
    "nix develop" | "nix print-dev-env")
      prepared shell "$root/nix/offline/nixpkgs/shell-kits" "$root/nix/offline/nixpkgs/shell-cargo-tools" \
        "$root/nix/offline/prepare.sh" "$root/rust-toolchain.toml"
      ;;
  esac
  prepared crates "$root/Cargo.lock" "$root"/*/Cargo.lock "$root/bench/driver/Cargo.lock"
}

# Fills the folder $cache/NAME with fill_NAME, unless that was done for the same
# FILES and the store still has what it added: the store's own answer is the
# proof, since a garbage collection may have run.
prepared() { # NAME FILE...
  name=$1
  shift
  stamp=$(cat "$@" | sha256sum)
  if [ "$(cat "$cache/$name/stamp" 2>/dev/null)" = "$stamp" ] &&
    xargs nix-store --check-validity <"$cache/$name/paths" 2>/dev/null; then
    return 0
  fi
  new=$cache/$name.new
  rm -rf "$new"
  mkdir -p "$new"
  "fill_$name"
  printf '%s\n' "$stamp" >"$new/stamp"
  rm -rf "${cache:?}/$name"
  mv "$new" "$cache/$name"
}

need_debian() {
  is_debian || die "offline inputs are made from Debian packages, and this machine has no apt; use DRYDOCK_INPUTS=connected"
}

fill_machine() {
  need_debian
  {
    printf '{\n"suite": "%s",\n' "$(newer_suite)"
    lock_kits "$root/nix/offline/nixpkgs/kits"
    lock_busybox
    lock_rust_toolchain
    lock_cargo_tools "$root/nix/offline/nixpkgs/cargo-tools"
    printf '}\n'
  } >"$new/lock.json"
}

# A lock file that has the overridden inputs already, or Nix would list them as
# changes at every call.
prepare_lock() {
  stamp=$overrides:$(find "$root/flake.lock" "$cache/machine/stamp" "$tests/stamp" "$shell/stamp" "$bench/stamp" "$engine/stamp" "$root/nix/offline" -type f -exec cat {} + | sha256sum)
  [ "$(cat "$cache/flake.lock.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  with_inputs flake metadata --json "$root" >"$cache/metadata.json" 2>"$cache/metadata.log" ||
    die "the flake cannot be read: $(cat "$cache/metadata.log")"
  nix eval --raw --impure --expr "builtins.toJSON (builtins.fromJSON (builtins.readFile \"$cache/metadata.json\")).locks" >"$cache/flake.lock"
  printf '%s\n' "$stamp" >"$cache/flake.lock.stamp"
}

# Adds files to the store; each name there is the file's own.
add_files() { nix-store --add-fixed sha256 "$@" >>"$new/paths"; }

fill_tests() { lock_only_kits "$root/nix/offline/nixpkgs/test-kits"; }

fill_engine() { lock_only_kits "$root/nix/offline/nixpkgs/engine-kits"; }

fill_bench() {
  lock_only_kits "$root/nix/offline/nixpkgs/bench-kits"
  add_python "$root"/nix/python/bench/*.sums
  add_crates "$root/bench/servers/Cargo.lock" "$root/bench/building/grown/Cargo.lock"
}

lock_only_kits() { # FILE
  need_debian
  {
    printf '{\n'
    lock_kits "$1"
    printf '"suite": "%s"\n}\n' "$(newer_suite)"
  } >"$new/lock.json"
}

fill_shell() {
  need_debian
  {
    printf '{\n'
    lock_kits "$root/nix/offline/nixpkgs/shell-kits"
    lock_cargo_tools "$root/nix/offline/nixpkgs/shell-cargo-tools"
    printf '}\n'
  } >"$new/lock.json"
}

# What comes through npm, each by its version; where it is used, it is held to its hash.
fill_npm() {
  while read -r package version cpu _; do
    case $cpu in any | "$(uname -m)") add_npm "$package" "$version" ;; esac
  done <"$root/nix/offline/nixpkgs/npm-packages"
}

add_npm() { # PACKAGE VERSION
  say "fetching $1 $2 with npm"
  archive=$(cd "$new" && npm_config_cache=$cache/npm-downloads npm pack --silent "$1@$2" </dev/null) || die "npm could not fetch $1 $2"
  add_files "$new/$archive"
  rm "$new/$archive"
}

# The lock's "kits": for each line of the file, the packages with all they depend
# on; and its "packages": the hash of each.
lock_kits() { # FILE
  say "fetching Debian packages for the offline inputs"
  # shellcheck disable=SC2046
  newer_download $(cut -d ' ' -f 2- "$1")
  mkdir -p "$new/files"
  printf '"kits": {'
  separator=''
  while read -r kit packages; do
    # shellcheck disable=SC2086
    newer_debs $packages >"$new/kit"
    while read -r deb; do ln -f "$cache/apt/archives/$deb" "$new/files/$(store_name "$deb")"; done <"$new/kit"
    printf '%s\n  "%s": [%s]' "$separator" "$kit" "$(sed 's/.*/"&"/' "$new/kit" | tr '%~' '__' | paste -s -d ,)"
    separator=,
  done <"$1"
  rm "$new/kit"
  printf '\n},\n"packages": {\n%s\n},\n' \
    "$(cd "$new/files" && sha256sum -- * | sed 's/\([0-9a-f]*\)  \(.*\)/  "\2": "\1",/; $ s/,$//')"
  add_files "$new"/files/*
  rm -rf "$new/files"
}

# The lock's "busybox", which unpacks everything else.
lock_busybox() {
  newer_download busybox-static
  dpkg-deb -x "$cache"/apt/archives/busybox-static_*.deb "$new/busybox-static"
  mkdir -p "$new/busybox/bin"
  mv "$new/busybox-static/usr/bin/busybox" "$new/busybox/bin/"
  rm -rf "$new/busybox-static"
  nix-store --add-fixed --recursive sha256 "$new/busybox" >>"$new/paths"
  printf '"busybox": "%s",\n' "$(nix hash path "$new/busybox")"
  rm -rf "$new/busybox"
}

# A store path's name has a smaller alphabet than a package's file name.
store_name() { printf '%s' "$1" | tr '%~' '__'; }

# The lock's "rust": the machine's own toolchain, if it is the pinned one.
lock_rust_toolchain() {
  sysroot=$(cd / && RUSTUP_TOOLCHAIN=$rust rustc --print sysroot 2>/dev/null) ||
    sysroot=$(cd / && rustc --print sysroot 2>/dev/null) ||
    die "offline inputs use the machine's own Rust toolchain, and there is no rustc; install Rust $rust"
  found=$("$sysroot/bin/rustc" --version | cut -d ' ' -f 2)
  [ "$found" = "$rust" ] || die "offline inputs need Rust $rust, as rust-toolchain.toml says, and rustc here is $found"
  for program in cargo rustc rustfmt cargo-fmt clippy-driver cargo-clippy; do
    [ -x "$sysroot/bin/$program" ] || die "the Rust toolchain in $sysroot has no $program; add it with: rustup component add rustfmt clippy"
  done
  say "adding the machine's Rust $rust to the store"
  mkdir -p "$new/rust-toolchain/lib"
  cp -a "$sysroot/bin" "$new/rust-toolchain/"
  cp -a "$sysroot"/lib/*.so* "$new/rust-toolchain/lib/"
  mkdir "$new/rust-toolchain/lib/rustlib"
  targets=
  for target in "$sysroot"/lib/rustlib/*/lib; do
    target=$(basename "${target%/lib}")
    cp -a "$sysroot/lib/rustlib/$target" "$new/rust-toolchain/lib/rustlib/"
    targets="$targets${targets:+,}\"$target\""
  done
  rm -f "$new"/rust-toolchain/bin/rust-gdb* "$new"/rust-toolchain/bin/rust-lldb
  nix-store --add-fixed --recursive sha256 "$new/rust-toolchain" >>"$new/paths"
  printf '"rust": {\n  "version": "%s",\n  "targets": [%s],\n  "hash": "%s"\n},\n' \
    "$rust" "$targets" "$(nix hash path "$new/rust-toolchain")"
  rm -rf "$new/rust-toolchain"
}

# Runs cargo with the machine's own settings, and its downloads in the cache folder.
private_cargo() {
  own=${CARGO_HOME:-$HOME/.cargo}
  mkdir -p "$cache/cargo"
  for file in config config.toml credentials credentials.toml; do
    rm -f "$cache/cargo/$file"
    [ ! -e "$own/$file" ] || ln -s "$own/$file" "$cache/cargo/$file"
  done
  CARGO_HOME=$cache/cargo RUSTUP_TOOLCHAIN=$rust cargo "$@" >&2 || die "cargo failed: cargo $*"
}

# The lock's "cargoTools": for each line of the file, the crate, its hash, its program and
# the features that it is built with. A tool's own lock file, beside the lock, names the
# crates that it is built from.
lock_cargo_tools() { # FILE
  say "fetching the sources of the tools that Debian does not have"
  printf '"cargoTools": {'
  separator=''
  while read -r tool crate version program features; do
    mkdir -p "$new/fetch/src" "$new/unpacked"
    : >"$new/fetch/src/lib.rs"
    printf '[package]\nname = "fetch"\nversion = "0.0.0"\n[dependencies]\n%s = "=%s"\n[workspace]\n' \
      "$crate" "$version" >"$new/fetch/Cargo.toml"
    private_cargo fetch --quiet --manifest-path "$new/fetch/Cargo.toml"
    tar -C "$new/unpacked" -xzf "$cache"/cargo/registry/cache/*/"$crate-$version.crate"
    private_cargo fetch --quiet --locked --manifest-path "$new/unpacked/$crate-$version/Cargo.toml"
    mv "$new/unpacked/$crate-$version/Cargo.lock" "$new/$tool.lock"
    printf '%s\n  "%s": { "crate": "%s-%s.crate", "program": "%s", %s"sha256": "%s" }' \
      "$separator" "$tool" "$crate" "$version" "$program" "${features:+\"features\": \"$features\", }" \
      "$(sed -n "/^name = \"$crate\"/,/^\$/ s/^checksum = \"\(.*\)\"/\1/p" "$new/fetch/Cargo.lock")"
    separator=,
    rm -rf "$new/fetch" "$new/unpacked"
  done <"$1"
  printf '\n}\n'
  add_files "$cache"/cargo/registry/cache/*/*.crate
}

fill_python() { add_python "$root"/nix/python/*.sums; }

# The files of each list, fetched by the stand-in's own Python with the machine's settings
# for pip: it takes none whose hash is not in the list.
add_python() { # LIST...
  say "fetching Python packages with pip"
  python=$(nix build --no-link --print-out-paths --no-write-lock-file "$(path_flake "$root/nix/offline/nixpkgs")#python314" \
    --override-input machine "$(path_flake "$cache/machine")" --override-input tests "$(path_flake "$cache/machine")" \
    --override-input shell "$(path_flake "$cache/machine")" --override-input bench "$(path_flake "$cache/machine")" \
    --override-input engine "$(path_flake "$cache/machine")" 2>"$cache/python.log") ||
    die "the offline inputs' Python cannot be built; see $cache/python.log"
  for list; do
    sed 's/\.tar\.gz$//' "$list" | awk '{
        split($2, part, "-"); pin = part[1] "==" part[2]; hashes[pin] = hashes[pin] " --hash=sha256:" $1
      } END { for (pin in hashes) print pin hashes[pin] }' >"$new/requirements.txt"
    PATH=$python/bin:$PATH python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation \
      --require-hashes --requirement "$new/requirements.txt" --dest "$new/files" >&2 ||
      die "pip could not fetch what $list names"
  done
  add_files "$new"/files/*
  rm -rf "$new/files" "$new/requirements.txt"
}

# Crates come through cargo; the stand-in for crane names each by the checksum in
# Cargo.lock, so that no other can be used.
fill_crates() { add_crates "$root/Cargo.lock" "$root"/*/Cargo.lock "$root/bench/driver/Cargo.lock"; }

add_crates() { # LOCK-FILE...
  say "fetching crates with cargo"
  for locked; do
    private_cargo fetch --quiet --locked --manifest-path "${locked%.lock}.toml"
  done
  add_files "$cache"/cargo/registry/cache/*/*.crate
}
