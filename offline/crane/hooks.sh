# shellcheck shell=bash disable=SC2154 # a derivation has the variables
# The setup hooks of every build by crane: lib/setupHooks there, as far as nix/ meets them.
cargo() (
  set -x
  command cargo "$@"
)

cargoWithProfile() { # COMMAND ARGUMENT...
  local profile=()
  case ${CARGO_PROFILE:-} in
    '') ;;
    release) profile=(--release) ;;
    *) profile=(--profile "$CARGO_PROFILE") ;;
  esac
  cargo "$1" "${profile[@]}" "${@:2}"
}

configureCargoCommonVars() {
  export CARGO_HOME="${CARGO_HOME:-$PWD/.cargo-home}"
  mkdir -p "$CARGO_HOME"
  export CARGO_BUILD_JOBS="${CARGO_BUILD_JOBS:-$NIX_BUILD_CORES}"
  export RUST_TEST_THREADS="${RUST_TEST_THREADS:-$NIX_BUILD_CORES}"
  export CARGO_BUILD_INCREMENTAL="${CARGO_BUILD_INCREMENTAL-false}"
  CARGO_PROFILE=${CARGO_PROFILE-release}
}
postPatchHooks+=(configureCargoCommonVars)

configureCargoVendoredDeps() { cat "$cargoVendorDir/config.toml" >>"$CARGO_HOME/config.toml"; }
[ -z "${cargoVendorDir:-}" ] || preConfigureHooks+=(configureCargoVendoredDeps)

inheritCargoArtifacts() {
  mkdir -p "${CARGO_TARGET_DIR:-target}"
  zstd -d --stdout "${1:-$cargoArtifacts}/target.tar.zst" | tar -x -C "${CARGO_TARGET_DIR:-target}"
}
[ -z "${cargoArtifacts:-}" ] || postPatchHooks+=(inheritCargoArtifacts)

prepareAndInstallCargoArtifactsDir() {
  local target=${CARGO_TARGET_DIR:-target}
  mkdir -p "$out"
  [ ! -d "$target" ] || tar -C "$target" --sort=name --mtime=@1 --owner=0 --group=0 --mode=u+w --numeric-owner \
    --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -c . |
    zstd "-T$NIX_BUILD_CORES" -o "$out/target.tar.zst"
}
[ -z "${doInstallCargoArtifacts:-}" ] || postInstallHooks+=(prepareAndInstallCargoArtifactsDir)

replaceCargoLock() {
  [ ! -f Cargo.lock ] || mv Cargo.lock Cargo.lock.orig
  cp --no-preserve=ownership,mode "$cargoLock" Cargo.lock
}
[ -z "${cargoLock:-}" ] || prePatchHooks+=(replaceCargoLock)
