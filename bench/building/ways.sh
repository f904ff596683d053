#!/usr/bin/env bash
# What each way to build an image does: ways.sh WAY STEP, in a copy of this repository.
# ../../crates/workshop/bench/src/building/way.rs says which there are, and when they are used; from
# there come SCRATCH, a folder for all of them, TARGET, the Rust target triple, CRATES, settings for
# cargo that name the crates, PROGRAMS, the toolchain and nginx, IMAGE, what the image is called, and
# ADDRESS, where the service listens that is started alone.
set -euo pipefail

way=$1
step=$2
flags=()
[ -z "${DRYDOCK_NIX_FLAGS:-}" ] || readarray -t flags <<<"$DRYDOCK_NIX_FLAGS"

cargo_build() {
  # As the flake's own build calls it.
  CARGO_TARGET_DIR=$PWD/target CARGO_BUILD_TARGET=$TARGET CARGO_NET_OFFLINE=true \
    CARGO_BUILD_RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs" \
    cargo --config "$CRATES" build --release --locked
}

# The bytes that changed, into a file that was not there.
fresh() { cp "$1" "$(mktemp -u "$SCRATCH/fresh-XXXXXX")"; }

nix_build() { nix build --no-link --print-out-paths "${flags[@]}" ".#$1"; }

# dockerTools' last one makes a program that writes the archive.
load() {
  case $way in
    streamLayeredImage) "$1" | docker load --quiet ;;
    *) docker load --quiet --input "$1" ;;
  esac
}

docker_build() {
  local client buildkit
  read -r buildkit client <"$SCRATCH/client"
  DOCKER_BUILDKIT=$buildkit "$client" build --quiet --tag "$IMAGE" "$@" .
}

# The first client in the search path that builds with BuildKit: older ones have it themselves,
# newer ones as a plug-in.
find_client() {
  mkdir -p "$SCRATCH/probe"
  printf 'FROM scratch\nLABEL dev.drydock.bench=""\nCOPY Dockerfile /\n' >"$SCRATCH/probe/Dockerfile"
  for client in $(type -ap docker); do
    if DOCKER_BUILDKIT=1 "$client" build --quiet --tag drydock-bench/probe "$SCRATCH/probe" >/dev/null 2>&1; then
      echo "1 $client" >"$SCRATCH/client"
      echo "built by BuildKit"
      return
    fi
  done
  echo "0 docker" >"$SCRATCH/client"
  echo "built by the classic builder"
}

# Where a file has the text, another one.
replace() {
  grep -qF "$2" "$1" || { echo "$1 has no '$2'" >&2; exit 1; }
  sed -i "s|$2|$3|" "$1"
}

case $step-$way in
  # Once, before anything is built; what it prints is said of the way in the results.
  prepare-cargo) ;;
  prepare-drydock)
    replace flake.nix 'name = "app";' '& repository = "drydock-bench";'
    replace compose.yaml 'image: drydock/' 'image: drydock-bench/'
    # As a user has it, who has committed: Nix takes the files of the repository.
    git init --quiet
    git add --all --force
    git -c user.name=bench -c user.email=bench@localhost commit --quiet --message="as copied"
    ;;
  prepare-dockerfile)
    mkdir -p "$SCRATCH/base"
    # shellcheck disable=SC2086 # they are store paths
    bash bench/building/base.sh drydock-bench/base "$SCRATCH/base" "$CRATES" $PROGRAMS
    rm -r "$SCRATCH/base"
    find_client
    ;;
  prepare-*) cp bench/building/flake.nix . ;;

  # The image of the service, and that of nginx, each loaded.
  app-cargo) cargo_build && fresh "target/$TARGET/release/app" ;;
  nginx-cargo) fresh nginx/http/client.conf ;;
  app-dockerfile) docker_build --file bench/building/Dockerfile --build-arg "target=$TARGET" ;;
  nginx-dockerfile) docker_build --file bench/building/edge.Dockerfile ;;
  app-drydock | nginx-drydock) load "$(nix_build "image-$step")" ;;
  app-* | nginx-*) load "$(nix_build "${IMAGE#drydock-bench/}")" ;;

  # The image of the service with nothing there that it is made from; what Nix builds is another
  # thing by then.
  forget-cargo) rm -r target ;;
  forget-dockerfile) ;;
  cold-dockerfile) docker_build --file bench/building/Dockerfile --build-arg "target=$TARGET" --no-cache ;;
  cold-*) exec bash "$0" "$way" app ;;

  # The service alone, until it is stopped.
  start-cargo)
    APP_BIND=$ADDRESS "target/$TARGET/release/app" >/dev/null 2>&1 &
    echo $! >"$SCRATCH/running"
    ;;
  start-*) docker run --detach --pull never --name "drydock-bench-$way" --publish "$ADDRESS:8000" "$IMAGE" ;;
  stop-cargo) kill -KILL "$(cat "$SCRATCH/running")" ;;
  stop-*) docker rm --force "drydock-bench-$way" ;;

  # What the output with this name of the flake is; of nothing but the program, its compressed bytes.
  output-*) nix_build "$3" ;;
  bytes-cargo) gzip --no-name --stdout "target/$TARGET/release/app" | wc -c ;;

  # A crate that is made to show how cost grows, with as many dependencies, megabytes of assets or
  # images as wanted, in ./grown; STAMP is in it, so that no other run has had the same.
  grow-*)
    kind=$3 stamp=$4
    cp bench/building/flake.nix .
    mv bench/building/grown .
    cp rust-toolchain.toml grown
    cd grown
    case $kind in
      dependencies-100) sed -i '/^# 100$/,$d' Cargo.toml ;;
      dependencies-300) ;;
      *) sed -i '/^\[dependencies\]$/q' Cargo.toml ;;
    esac
    # The profile is one that nobody builds with: it makes the dependencies other ones.
    printf '\n[profile.%s]\ninherits = "release"\n' "$stamp" >>Cargo.toml
    cargo --config "$CRATES" update --workspace --offline --quiet
    replace src/main.rs "edited 0 times" "$stamp: edited 0 times"
    ;;
  grown-cargo) cd grown && cargo_build && fresh "target/$TARGET/release/grown" ;;
  grown-*) load "$(nix_build "$3")" ;;

  *) echo "ways.sh: there is no step '$step' of '$way'" >&2; exit 2 ;;
esac
