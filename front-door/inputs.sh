# shellcheck shell=sh disable=SC2154 # drydock assigns root, folder, cache and source
# Chooses where packages come from. Sourced by ./drydock, whose helpers it uses.

# shellcheck source=offline/prepare.sh
. "$root/offline/prepare.sh"

# Whether the store has all inputs that flake.lock pins: their paths follow from their hashes.
locked_inputs_here() {
  locks=$folder/flake.lock
  ! input_is_this_tree || locks=$root/flake.lock
  # One that is only made from a template has none yet.
  [ "$own" = true ] || [ -e "$locks" ] || return 1
  pinned=$cache/pinned/$(hash_of <"$locks")
  if ! whole "$pinned"; then
    paths=
    hashes=$(sed -n 's/.*"narHash": *"sha256-\([^"]*\)".*/\1/p' "$locks")
    for hash in $hashes; do
      hash=$(nix hash convert --hash-algo sha256 --from base64 --to nix32 "$hash")
      paths="$paths$(nix-store --print-fixed-path --recursive sha256 "$hash" source)
"
    done
    [ -n "$paths" ] || die "$locks pins nothing"
    printf '%s' "$paths" | keep "$pinned"
  fi
  in_store "$pinned"
}

# Fetches what flake.lock pins, which every command that is connected needs first; a cache
# of built packages that answers is the other half.
fetch_locked_inputs() {
  set --
  ! input_is_this_tree || set -- --override-input "$input" "$(this_tree)"
  for substituter in $(nix config show substituters); do
    timeout 10 nix store info --connect-timeout 5 --download-attempts 2 --store "$substituter" >/dev/null 2>&1 || continue
    timeout 900 nix flake prefetch-inputs --no-write-lock-file --connect-timeout 5 --download-attempts 2 \
      "$@" "$source" >"$cache/fetch.log" 2>&1
    return
  done
  echo "none of the Nix caches answers: $(nix config show substituters)" >"$cache/fetch.log"
  return 1
}

# Prints `connected` or `offline`. A machine that has the pinned inputs, or had them
# before, is connected whatever the network does at the moment: nobody gets other
# images without having asked for them.
reachable_inputs() {
  if locked_inputs_here; then
    [ -e "$cache/connected" ] || : >"$cache/connected"
    echo connected
    return
  fi
  # Asking a network that drops packets costs seconds, so the answer is kept: for a minute
  # at first, since it may be a hiccup, and twice as long after each that is the same.
  refusals=0
  ! whole "$cache/offline" || refusals=$(lines_of "$cache/offline")
  minutes=$((1 << (refusals > 6 ? 5 : refusals - 1)))
  if [ "$refusals" -gt 0 ] && [ -n "$(find "$cache/offline" -mmin "-$minutes")" ]; then
    echo offline
  elif fetch_locked_inputs; then
    rm -f "$cache/offline"
    : >"$cache/connected"
    echo connected
  elif [ -e "$cache/connected" ]; then
    die "the inputs that flake.lock pins cannot be fetched now, as they could before; try again, or set DRYDOCK_INPUTS=offline to build from stand-ins; it says: $(tail -n 1 "$cache/fetch.log")"
  else
    echo "$((refusals + 1))" | keep "$cache/offline"
    echo offline
  fi
}

# Sets $inputs, and $overrides to the flags that the chosen ones need.
choose_inputs() {
  inputs=${DRYDOCK_INPUTS:-auto}
  case $inputs in
    auto)
      inputs=$(reachable_inputs)
      [ "$inputs" = connected ] ||
        say "the Nix cache or GitHub is out of reach: packages come from Debian and this machine's Rust (DRYDOCK_INPUTS=connected forces the pinned ones)"
      ;;
    connected | offline) ;;
    *) die "DRYDOCK_INPUTS is '$inputs'; it may be auto, connected or offline" ;;
  esac
  overrides=
  if [ "$inputs" = connected ]; then
    if input_is_this_tree; then
      say "the input $input is $root: what git knows of it, and what changed there, is taken"
      override "$input" "$(this_tree)"
    fi
    lock_plain_folder
    return
  fi
  export NIX_CONFIG="$NIX_CONFIG
substitute = false"
  [ "$own" = true ] || choose_drydock
  prepare_offline
}

# The flags stand one a line: no URL has a line's end.
override() { # INPUT URL
  overrides="$overrides--override-input
$1
$2
"
}

# Tests build from every lock file; nothing else is stopped by one that it does not use.
refuse_stale_locks() {
  have cargo || return 0
  if [ "$own" = true ]; then
    set -- "$root/Cargo.lock" "$root"/bench/*/Cargo.lock "$root"/crates/*/Cargo.lock "$root"/crates/*/fuzz/Cargo.lock
  else
    set -- "$folder/Cargo.lock"
  fi
  for cargo_lock; do
    [ -e "$cargo_lock" ] || continue
    manifest=${cargo_lock%.lock}.toml
    output=$(
      [ "$inputs" != offline ] || export CARGO_HOME="$cache/cargo"
      timeout 60 cargo metadata --locked --format-version 1 --manifest-path "$manifest" 2>&1 >/dev/null
    ) || case $output in
      *"lock file"*"--locked"*)
        die "$cargo_lock does not fit $manifest, and tests build from it; this mends it: cargo update --workspace --manifest-path $(quoted "$manifest")"
        ;;
    esac
  done
}

# Says once more, where images were built, that they are not those of a release.
say_stand_ins() {
  [ "$inputs" != offline ] ||
    say "built from stand-ins, Debian's packages and this machine's Rust, and not from the pinned inputs: a release has other images"
}
