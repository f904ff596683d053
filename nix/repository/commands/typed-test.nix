# Types what docs/COMMANDS.md begins with, `nix build .#image`, `nix develop` and
# `docker load < result && docker compose up`, in a copy of the working tree, and asks the
# stack for its answer. It evaluates the flake and needs an engine, as no build in a sandbox
# can, so it is an app.
{
  # Has bin/drydock-engine.
  engine,
  pkgs,
}:
pkgs.writeShellApplication {
  name = "drydock-typed-test";
  runtimeInputs = [
    engine
    pkgs.curl
    pkgs.docker-client
  ];
  text = ''
    real=''${DRYDOCK_ROOT:-$PWD}
    drydock-engine
    scratch=$(mktemp -d)
    # Compose names the stack after it.
    tree=$scratch/drydock-test-typed-$$
    clean() {
      [ ! -e "$tree" ] || (cd "$tree" && docker compose down --volumes --timeout 1 > /dev/null 2>&1) || :
      rm -rf "$scratch"
    }
    trap clean EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    # A clone with the working tree's files, at the same revision, so that it builds the same.
    git clone --quiet --no-checkout "$real" "$tree"
    git -C "$real" diff --binary HEAD > "$scratch/diff"
    cd "$tree"
    git checkout --quiet --detach "$(git -C "$real" rev-parse HEAD)"
    git apply --index --allow-empty "$scratch/diff"

    # `nix` is what a person types, or what the front door has for them.
    typed=nix
    [ -z "''${DRYDOCK_DOOR:-}" ] || typed="./drydock nix"
    unset COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES COMPOSE_ENV_FILES
    free() { # Prints a port that nobody listens at, below those that Linux gives to connections.
      local port
      while port=$((RANDOM % 20000 + 10000)) && (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do :; done
      echo "$port"
    }
    DRYDOCK_HTTP_PORT=$(free) DRYDOCK_HTTPS_PORT=$(free)
    export DRYDOCK_HTTP_PORT DRYDOCK_HTTPS_PORT

    failed=0
    answers() { # WHAT COMMAND...: runs it, and asks what it has started.
      local what=$1 tries=0 answer=
      "''${@:2}" > "$scratch/output" 2>&1 &
      until answer=$(curl --silent --insecure --fail --max-time 5 "https://localhost:$DRYDOCK_HTTPS_PORT/"); do
        tries=$((tries + 1))
        # It takes as long as the image takes to build; Compose goes on until it is stopped.
        if ! kill -0 "$!" 2> /dev/null || [ "$tries" -gt 6000 ]; then
          failed=$((failed + 1))
          echo "typed: $what ... FAILED"
          sed 's/^/    /' "$scratch/output"
          break
        fi
        sleep 0.2
      done
      [ -z "$answer" ] || echo "typed: $what ... ok"
      docker compose down --volumes --timeout 1 > /dev/null 2>&1
      wait "$!" || :
      rm -f result
    }

    # Compose is the last of each, and goes on.
    up='docker load < result && docker compose up'
    answers "build, load and up, in a plain shell" \
      bash -euc "$typed build .#image; $up"
    answers "develop, and in its shell build, load and up" \
      bash -euc "$typed develop --command bash -euc '$typed build .#image; $up'"
    answers "build, and then develop, and in its shell load and up" \
      bash -euc "$typed build .#image; $typed develop --command bash -euc '$up'"
    # As direnv makes the shell.
    answers "build, load and up, in a shell of print-dev-env" \
      bash -c "eval \"\$($typed print-dev-env)\"; $typed build .#image && $up"

    [ "$failed" = 0 ]
  '';
}
