# `nix develop`: the toolchain that builds the images, and every tool in use.
# `nix develop .#ci`: what the checks need, and no more.
{
  crane,
  lib,
  # The one of the image.
  nginx,
  pkgs,
}:
let
  forChecks = [
    pkgs.cargo-deny
    pkgs.docker-compose
    pkgs.jq
    pkgs.nixfmt
    pkgs.shellcheck
    nginx
  ];
  forPeople = [
    pkgs.cargo-fuzz
    pkgs.cargo-nextest
    pkgs.curl
    pkgs.docker-client
    pkgs.gnutls
    pkgs.goss
    pkgs.nghttp2
    pkgs.openssl
    pkgs.rust-analyzer
  ]
  ++ lib.optionals pkgs.stdenv.hostPlatform.isLinux [
    pkgs.testssl
    pkgs.valgrind
  ];
in
{
  ci = crane.devShell { packages = forChecks; };
  default = crane.devShell {
    packages = forChecks ++ forPeople;
    # On stderr, so that the output of `nix develop --command` stays what it is. direnv
    # comes here at each change, and has said it once.
    shellHook = ''
      if [ -z "''${DIRENV_IN_ENVRC:-}" ]; then
        echo 'cargo nextest run, cargo clippy    the service in src/, by the toolchain that builds the images' >&2
        echo 'docker compose up                  the stack, as compose.yaml has it or as $COMPOSE_FILE names it' >&2
        echo './drydock test                     every check and test; nix flake check is what needs no engine' >&2
      fi
      # Here the stack is the one that follows what is edited.
      drydockRoot=$PWD
      until [ -e "$drydockRoot/compose.yaml" ] || [ "$drydockRoot" = / ]; do drydockRoot=$(dirname "$drydockRoot"); done
      if [ -e "$drydockRoot/compose.dev.yaml" ]; then
        export COMPOSE_FILE="$drydockRoot/compose.yaml:$drydockRoot/compose.dev.yaml"
        # Whose the files are that are made there.
        DRYDOCK_UID=$(id -u) DRYDOCK_GID=$(id -g)
        export DRYDOCK_UID DRYDOCK_GID
      fi
    '';
  };
}
