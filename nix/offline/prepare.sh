# shellcheck shell=sh disable=SC2154 # drydock assigns root and cache
# Brings what the stand-ins for the flake's inputs are made of into the Nix
# store, as content-addressed files, and writes machine/lock.json, which names
# them by hash. Sourced by ./drydock, whose helpers it uses. The stand-ins see
# nothing of the machine but that file.

prepare_offline() {
  rust=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml")
  [ -n "$rust" ] || die "$root/rust-toolchain.toml names no channel"
  prepared machine "$root/nix/offline/nixpkgs/kits" "$root/nix/offline/prepare.sh" "$root/rust-toolchain.toml"
  prepared crates "$root/Cargo.lock" "$root/tools/Cargo.lock" "$root/image-facts/Cargo.lock"
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

# nixpkgs' formatter is a Haskell program that Debian does not have; this crate
# writes the same.
nixfmt_crate=nixfmt_rs
nixfmt_version=0.5.3

fill_machine() {
  is_debian || die "offline inputs are made from Debian packages, and this machine has no apt; use DRYDOCK_INPUTS=connected"
  {
    printf '{\n"suite": "%s",\n' "$(newer_suite)"
    lock_debian_packages
    lock_rust_toolchain
    printf '"nixfmt": "%s-%s.crate"\n}\n' "$nixfmt_crate" "$nixfmt_version"
  } >"$new/lock.json"
  fetch_nixfmt
}

# A lock file that has the overridden inputs already, or Nix would list them as
# changes at every call.
prepare_lock() {
  stamp=$root:$(find "$root/flake.lock" "$cache/machine/stamp" "$root/nix/offline" -type f -exec cat {} + | sha256sum)
  [ "$(cat "$cache/flake.lock.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  with_inputs flake metadata --json "$root" >"$cache/metadata.json" 2>"$cache/metadata.log" ||
    die "the flake cannot be read: $(cat "$cache/metadata.log")"
  nix eval --raw --impure --expr "builtins.toJSON (builtins.fromJSON (builtins.readFile \"$cache/metadata.json\")).locks" >"$cache/flake.lock"
  printf '%s\n' "$stamp" >"$cache/flake.lock.stamp"
}

# Adds files to the store; each name there is the file's own.
add_files() { nix-store --add-fixed sha256 "$@" >>"$new/paths"; }

# The lock's "kits": for each line of `kits`, the packages with all they depend
# on; and its "packages": the hash of each.
lock_debian_packages() {
  say "fetching Debian packages for the offline inputs"
  # shellcheck disable=SC2046
  newer_download busybox-static $(cut -d ' ' -f 2- "$root/nix/offline/nixpkgs/kits")
  mkdir -p "$new/files"
  printf '"kits": {'
  separator=''
  while read -r kit packages; do
    # shellcheck disable=SC2086
    newer_debs $packages >"$new/kit"
    while read -r deb; do ln -f "$cache/apt/archives/$deb" "$new/files/$(store_name "$deb")"; done <"$new/kit"
    printf '%s\n  "%s": [%s]' "$separator" "$kit" "$(sed 's/.*/"&"/' "$new/kit" | tr '%~' '__' | paste -s -d ,)"
    separator=,
  done <"$root/nix/offline/nixpkgs/kits"
  rm "$new/kit"
  printf '\n},\n"packages": {\n%s\n},\n' \
    "$(cd "$new/files" && sha256sum -- * | sed 's/\([0-9a-f]*\)  \(.*\)/  "\2": "\1",/; $ s/,$//')"
  add_files "$new"/files/*
  rm -rf "$new/files"
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

# The formatter's own lock file names the crates that it is built from.
fetch_nixfmt() {
  mkdir -p "$new/nixfmt/src"
  : >"$new/nixfmt/src/lib.rs"
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\n[dependencies]\n%s = "=%s"\n[workspace]\n' \
    "$nixfmt_crate" "$nixfmt_version" >"$new/nixfmt/Cargo.toml"
  private_cargo fetch --quiet --manifest-path "$new/nixfmt/Cargo.toml"
  mkdir "$new/unpacked"
  tar -C "$new/unpacked" -xzf "$cache"/cargo/registry/cache/*/"$nixfmt_crate-$nixfmt_version.crate"
  private_cargo fetch --quiet --locked --manifest-path "$new/unpacked/$nixfmt_crate-$nixfmt_version/Cargo.toml"
  mv "$new/unpacked/$nixfmt_crate-$nixfmt_version/Cargo.lock" "$new/nixfmt.lock"
  sed -n "/^name = \"$nixfmt_crate\"/,/^\$/ s/^checksum = \"\(.*\)\"/\1/p" "$new/nixfmt/Cargo.lock" >"$new/nixfmt.sha256"
  rm -rf "$new/nixfmt" "$new/unpacked"
  add_files "$cache"/cargo/registry/cache/*/*.crate
}

# Crates come through cargo; the stand-in for crane names each by the checksum in
# Cargo.lock, so that no other can be used.
fill_crates() {
  say "fetching crates with cargo"
  for folder in "$root" "$root/tools" "$root/image-facts"; do
    private_cargo fetch --quiet --locked --manifest-path "$folder/Cargo.toml"
  done
  add_files "$cache"/cargo/registry/cache/*/*.crate
}
