# shellcheck shell=sh disable=SC2154 # drydock assigns root, cache and more
# Fetches what each part of the offline inputs is made of and adds it to the store: Debian
# packages with apt, the machine's own Rust toolchain, crates with cargo, Python's packages
# with pip and others with npm. Each file is held to a hash that a signed list, a lock file
# or this repository names, also one that was fetched before. Sourced by prepare.sh, which
# calls fill_NAME with the files of a part; $new is the folder for it.

need_debian() {
  is_debian || die "offline inputs are made from Debian packages, and this machine has no apt; use DRYDOCK_INPUTS=connected"
}

# Adds files to the store; each name there is the file's own.
add_files() { nix-store --add-fixed sha256 "$@" >>"$new/paths"; }

fill_machine() { # KITS ...
  need_debian
  {
    printf '{\n'
    lock_kits "$1"
    lock_busybox
    lock_rust_toolchain
    printf '"suite": "%s"\n}\n' "$(newer_suite)"
  } >"$new/source/lock.json"
}

fill_tests() { # KITS CARGO-TOOLS ...
  need_debian
  {
    printf '{\n'
    lock_kits "$1"
    lock_cargo_tools "$2"
    printf '}\n'
  } >"$new/source/lock.json"
}

fill_engine() { lock_only_kits "$1"; } # KITS ...

fill_bench() { # KITS ...
  lock_only_kits "$1"
  add_python "$root"/nix/repository/python/bench/*.sums
  add_crates "$root/bench/servers/Cargo.lock" "$root/bench/building/grown/Cargo.lock"
}

lock_only_kits() { # KITS
  need_debian
  {
    printf '{\n'
    lock_kits "$1"
    printf '"suite": "%s"\n}\n' "$(newer_suite)"
  } >"$new/source/lock.json"
}

fill_shell() { lock_only_kits "$1"; } # KITS ...

# The lock's "kits": for each line of the file, the packages with all they depend on; and
# its "packages": the hash that the suite's signed lists have for each.
lock_kits() { # KITS
  say "fetching Debian packages for the offline inputs"
  # shellcheck disable=SC2046
  newer_download $(cut -d ' ' -f 2- "$1")
  mkdir "$new/kits" "$new/files"
  resolve_kits <"$1"
  if ! debs_whole "$new/debs"; then
    # By itself a kit may depend on what another one of all kits has stood in for.
    while read -r kit packages; do
      # shellcheck disable=SC2086
      debs_whole "$new/kits/$kit" || newer_download $packages </dev/null
    done <"$1"
    resolve_kits <"$1"
  fi
  debs_whole "$new/debs" || die "apt-get has not fetched all of the kits in $1: $(head -n 1 "$work/wrong") is not what the signed lists name"
  (cd "$cache/apt/archives" && cut -d ' ' -f 1 "$new/debs" | xargs ln -t "$new/files")
  for file in "$new"/files/*[%~]*; do
    [ ! -e "$file" ] || mv "$file" "$new/files/$(store_name "${file##*/}")"
  done
  printf '"kits": {\n%s\n},\n"packages": {\n%s\n},\n' \
    "$(while read -r kit _; do
      printf '  "%s": [%s]\n' "$kit" "$(cut -d ' ' -f 1 "$new/kits/$kit" | sed 's/.*/"&"/' | paste -s -d ,)"
    done <"$1" | sed '$ !s/$/,/')" \
    "$(sed 's/\(.*\) \(.*\)/  "\1": "\2"/; $ !s/$/,/' "$new/debs")" | tr '%~' '__'
  add_files "$new"/files/*
  rm -rf "$new/files" "$new/kits" "$new/debs"
}

# For each kit on stdin a list of its packages in $new/kits, and all of them in $new/debs.
resolve_kits() {
  resolving=
  while read -r kit packages; do
    # shellcheck disable=SC2086
    newer_debs $packages >"$new/kits/$kit" </dev/null &
    resolving="$resolving $!"
    # Four at once, each of which has all lists in memory.
    case $resolving in *' '*' '*' '*' '*) await_kits ;; esac
  done
  await_kits
  sort -u "$new"/kits/* >"$new/debs"
}

await_kits() {
  for each in $resolving; do wait "$each" || die "apt-get cannot resolve a kit; see above"; done
  resolving=
}

# The lock's "busybox", which unpacks everything else.
lock_busybox() {
  newer_download busybox-static
  deb=$(cut -d ' ' -f 1 "$work/wanted" | grep '^busybox-static_')
  dpkg-deb -x "$cache/apt/archives/$deb" "$new/busybox-static"
  mkdir -p "$new/busybox/bin"
  mv "$new/busybox-static/usr/bin/busybox" "$new/busybox/bin/"
  nix-store --add-fixed --recursive sha256 "$new/busybox" >>"$new/paths"
  printf '"busybox": "%s",\n' "$(nix hash path "$new/busybox")"
  rm -rf "$new/busybox-static" "$new/busybox"
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

# The lock's "cargoTools": for each line of the file, the crate, its hash, its program and
# the features that it is built with. A tool's own lock file, beside the lock, names the
# crates that it is built from.
lock_cargo_tools() { # CARGO-TOOLS
  say "fetching the sources of the tools that Debian does not have"
  printf '"cargoTools": {'
  separator=''
  while read -r tool crate version program features; do
    mkdir -p "$new/fetch/src" "$new/unpacked"
    : >"$new/fetch/src/lib.rs"
    printf '[package]\nname = "fetch"\nversion = "0.0.0"\n[dependencies]\n%s = "=%s"\n[workspace]\n' \
      "$crate" "$version" >"$new/fetch/Cargo.toml"
    private_cargo generate-lockfile --quiet --manifest-path "$new/fetch/Cargo.toml" || die "cargo could not look $crate $version up: $(cat "$cache/cargo.log")"
    fetch_crates "$new/fetch/Cargo.lock"
    tar -C "$new/unpacked" -xzf "$(grep "/$crate-$version.crate\$" "$new/found" | head -n 1)"
    fetch_crates "$new/unpacked/$crate-$version/Cargo.lock"
    mv "$new/unpacked/$crate-$version/Cargo.lock" "$new/source/$tool.lock"
    printf '%s\n  "%s": { "crate": "%s-%s.crate", "program": "%s", %s"sha256": "%s" }' \
      "$separator" "$tool" "$crate" "$version" "$program" "${features:+\"features\": \"$features\", }" \
      "$(versions_of "$new/fetch/Cargo.lock" | awk -v crate="$crate" '$1 == crate { print $3 }')"
    separator=,
    rm -rf "$new/fetch" "$new/unpacked"
  done <"$1"
  printf '\n}\n'
}

fill_python() { add_python "$@"; } # LIST...

# The files of each list, fetched by the stand-in's own Python with the machine's settings
# for pip: it takes none whose hash is not in the list.
add_python() { # LIST...
  say "fetching Python packages with pip"
  machine=path:$(folder_of machine)
  python=$(nix build --no-link --print-out-paths --no-write-lock-file "path:$(folder_of stand_ins)?dir=nixpkgs#python314" \
    --override-input machine "$machine" --override-input tests "$machine" --override-input libraries "$machine" \
    --override-input shell "$machine" --override-input bench "$machine" --override-input engine "$machine" 2>"$cache/python.log") ||
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

# What comes through npm, each by its version and the hash that it is used by.
fill_npm() { # NPM-PACKAGES
  while read -r package version cpu hash; do
    case $cpu in any | "$(uname -m)")
      add_npm "$package" "$version" "$(nix hash convert --hash-algo sha256 --from base16 --to sri "$hash")"
      ;;
    esac
  done <"$1"
}

add_npm() { # PACKAGE VERSION HASH
  say "fetching $1 $2 with npm"
  for try in first second; do
    archive=$(cd "$new" && npm_config_cache=$plain/npm-downloads npm pack --silent "$1@$2" </dev/null) || die "npm could not fetch $1 $2"
    [ "$(nix hash path --mode flat --algo "${3%%-*}" "$new/$archive")" != "$3" ] || break
    [ "$try" = first ] || die "what npm fetches as $1 $2 has not the hash $3"
    rm -rf "$cache/npm-downloads"
  done
  nix-store --add-fixed "${3%%-*}" "$new/$archive" >>"$new/paths"
  rm "$new/$archive"
}

# Gives cargo the machine's own settings, and a folder for its downloads in the cache folder.
settle_cargo() {
  settings=${CARGO_HOME:-$HOME/.cargo}
  mkdir -p "$plain/cargo"
  for file in config config.toml credentials credentials.toml; do
    rm -f "$plain/cargo/$file"
    [ ! -e "$settings/$file" ] || ln -s "$settings/$file" "$plain/cargo/$file"
  done
}

# What cargo says is in cargo.log of the cache folder.
private_cargo() {
  CARGO_HOME=$plain/cargo RUSTUP_TOOLCHAIN=$rust cargo "$@" </dev/null >"$cache/cargo.log" 2>&1
}

# Crates come through cargo; the stand-in for crane names each by the checksum in
# Cargo.lock, so that no other can be used.
fill_crates() { add_crates "$@"; } # LOCK-FILE...

# Those of another repository. What is not beside its flake may be no part of what is built.
fill_own_crates() { # LOCK-FILE...
  [ $# -gt 0 ] || return 0
  say "fetching the crates of $folder with cargo"
  for cargo_lock; do
    foreign=$(foreign_crates "$cargo_lock")
    if grep -q '^"checksum ' "$cargo_lock"; then
      say "$cargo_lock is of Cargo's first format: cargo generate-lockfile writes it as it is now"
    elif [ -n "$foreign" ]; then
      say "$cargo_lock has $foreign, and offline a crate comes from crates.io's index alone; with the pinned inputs it is fetched"
    elif [ "${cargo_lock%/*}" = "${1%/*}" ]; then
      fetch_crates "$cargo_lock"
    else
      (fetch_crates "$cargo_lock") || say "so nothing can be built from $cargo_lock"
    fi
  done
}

# Prints the first crate of a lock file that comes from elsewhere than the registry; the chassis
# comes with Drydock.
foreign_crates() { # LOCK-FILE
  tr -d '"\r' <"$1" | awk '$1 == "name" { name = $3 }
    $1 == "source" && !(name == "chassis" && $3 ~ /^git\+[^?#]*\/drydock(\.git)?([?#]|$)/) && $3 !~ /^registry\+https:\/\/github.com\/rust-lang\/crates.io-index/ { print name " from " $3; exit }'
}

# What another repository's crates are linked with and built by, as far as its *.nix files name it.
fill_libraries() { # KITS ...
  need_debian
  printf '%s\n' "$words" >"$new/words"
  awk 'NR == FNR { wanted[$1] = 1; next } wanted[$1]' "$new/words" "$1" >"$new/wanted-kits"
  {
    printf '{\n'
    if [ -s "$new/wanted-kits" ]; then
      lock_kits "$new/wanted-kits"
    else
      printf '"kits": {}, "packages": {},\n'
    fi
    printf '"words": [%s]\n}\n' "$(sed 's/.*/"&"/' "$new/words" | paste -s -d ,)"
  } >"$new/source/lock.json"
  # It is built from a crate's sources.
  ! grep -qx libpq "$new/words" || fetch_crates "$root/offline/nixpkgs/libpq.lock"
  rm -f "$new/words" "$new/wanted-kits"
}

add_crates() { # LOCK-FILE...
  say "fetching crates with cargo"
  for cargo_lock; do fetch_crates "$cargo_lock"; done
}

# Prints name, version and checksum of each crate that a lock file names.
versions_of() { # LOCK-FILE
  tr -d '"\r' <"$1" |
    awk '$1 == "name" { name = $3 } $1 == "version" { version = $3 } $1 == "checksum" { print name, version, $3 }'
}

# Adds the crates that a lock file names to the store. A crate that is there already has
# to have the bytes that the lock names: cargo takes each for what it should be.
fetch_crates() { # LOCK-FILE
  # What another cargo is writing has other bytes for a moment.
  await_beside
  if ! crates_here "$1"; then
    private_cargo fetch --locked --manifest-path "${1%.lock}.toml" || fetch_listed "$1"
    crates_here "$1" || die "cargo has not fetched $(head -n 1 "$new/missing") with the checksum in $1; see $cache/cargo.log"
  fi
  [ ! -s "$new/found" ] || xargs nix-store --add-fixed sha256 <"$new/found" >>"$new/paths"
}

# Whether cargo's downloads have all crates of a lock file; what has other bytes goes.
# $new/found lists those that are there, $new/missing the others.
crates_here() { # LOCK-FILE
  versions_of "$1" | awk '{ print $3 "  " $1 "-" $2 ".crate" }' >"$new/wanted"
  : >"$new/found"
  for registry in "$plain"/cargo/registry/cache/*/; do
    [ -d "$registry" ] || continue
    (cd "$registry" && LC_ALL=C sha256sum --check "$new/wanted" 2>/dev/null) >"$new/checked" || :
    sed -n "s,: OK\$,,p" "$new/checked" | while read -r crate; do echo "$registry$crate"; done >>"$new/found"
    sed -n 's/: FAILED$//p' "$new/checked" | while read -r crate; do rm -f "$registry$crate"; done
  done
  sed 's,.*/,,' "$new/found" | sort -u >"$new/checked"
  sed 's/.*  //' "$new/wanted" | sort -u | comm -23 - "$new/checked" >"$new/missing"
  [ ! -s "$new/missing" ]
}

# The crates that a lock file names, though it does not fit its manifest, or this cargo cannot
# read that: only what is built from it has to care.
fetch_listed() { # LOCK-FILE
  mkdir -p "$new/listed/src"
  number=0
  : >"$new/listed/src/lib.rs"
  {
    printf '[package]\nname = "listed"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n'
    versions_of "$1" | while read -r crate version _; do
      ! grep -q -F -x "$crate-$version.crate" "$new/missing" ||
        printf '[dependencies.%s]\npackage = "%s"\nversion = "=%s"\ndefault-features = false\n' \
          "c$((number = number + 1))" "$crate" "$version"
    done
  } >"$new/listed/Cargo.toml"
  cp "$1" "$new/listed/Cargo.lock"
  private_cargo fetch --manifest-path "$new/listed/Cargo.toml" || die "cargo could not fetch what $1 names: $(cat "$cache/cargo.log")"
  rm -rf "$new/listed"
}
