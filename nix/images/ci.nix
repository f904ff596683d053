# The image that checks a source tree which is mounted at /src, read-only if one likes:
# every crate in it is formatted, linted, tested, documented and built from allowed
# crates only, as `nix flake check` has it. It needs no network.
{
  base,
  # ./tools.nix
  imageTools,
  pkgs,
  rustFlags,
  licenses,
}:
let
  target = import ../crate/static-target.nix {
    inherit (pkgs) lib;
    inherit pkgs;
  };
  ci = pkgs.writeShellApplication {
    name = "drydock-ci";
    text = ''
      usage() { echo "usage: docker run --rm -v \"\$PWD:/src:ro\" IMAGE [fmt|clippy|test|doc|deny]..." >&2; exit 2; }
      [ -e Cargo.lock ] || { echo "there is no Cargo.lock in $PWD: mount a source tree there" >&2; usage; }
      [ $# -gt 0 ] || set -- fmt clippy test doc deny
      for check; do
        case $check in fmt | clippy | test | doc | deny) ;; *) usage ;; esac
      done

      in_crate() ( # CHECK FOLDER
        cd "$2"
        # No two crates share their features, so each has a folder to build in.
        export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/''${PWD##*/}"
        # What starts by itself is linked with no other start: see ../crate/carried.nix.
        if grep -qs nostartfiles build.rs; then
          unset CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS
        fi
        case $1 in
          fmt) cargo fmt -- --check ;;
          clippy) cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings ;;
          test) cargo test --locked --workspace ;;
          doc) RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps ;;
          deny) cargo --offline deny check bans licenses sources ;;
        esac
      )
      failed=()
      for lock in Cargo.lock */Cargo.lock */*/Cargo.lock; do
        # What is measured with is built to be run, and targets for libFuzzer with it only; the
        # crates of what people copy are not here.
        case $lock in bench/* | examples/* | fuzz/* | */fuzz/*) continue ;; esac
        [ -e "$lock" ] || continue
        folder=$(dirname "$lock")
        for check; do
          echo "== $check $folder"
          in_crate "$check" "$folder" || failed+=("$check $folder")
        done
      done
      [ "''${#failed[@]}" = 0 ] || { printf 'failed: %s\n' "''${failed[@]}" >&2; exit 1; }
      echo "all checks passed: $*"
    '';
  };
in
base {
  name = "ci";
  inherit licenses;
  compressed = false;
  contents = [
    (imageTools.root {
      name = "ci-root";
      programs = [
        ci
        pkgs.cargo-deny
      ];
    })
  ];
  volatile = [ ci ];
  inherit (imageTools) extraCommands;
  config = imageTools.config // {
    Entrypoint = [ (pkgs.lib.getExe ci) ];
    Env =
      imageTools.config.Env
      ++ [
        "CARGO_TARGET_DIR=/tmp/target"
        "CARGO_NET_OFFLINE=true"
        "CARGO_BUILD_RUSTFLAGS=${rustFlags}"
      ]
      ++ pkgs.lib.mapAttrsToList (name: value: "${name}=${value}") target;
  };
}
