# `nix develop`: the toolchain that builds the images, and every tool in use.
# `nix develop .#ci`: what the checks need, and no more.
{
  app,
  crane,
  # The edge's configuration, if it is in the working tree: then so is the front door.
  edgeFolder,
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
  # Elsewhere there is no static platform.
  working =
    if pkgs.stdenv.hostPlatform.isLinux then
      app.working
    else
      {
        tools = [ ];
        variables = { };
      };
in
{
  ci = crane.devShell { packages = forChecks; };
  default = crane.devShell (
    working.variables
    // {
      packages = forChecks ++ forPeople ++ working.tools;
      # On stderr, so that the output of `nix develop --command` stays what it is. direnv
      # comes here at each change, and has said it once.
      shellHook = ''
        if [ -z "''${DIRENV_IN_ENVRC:-}" ]; then
          echo 'cargo test, cargo clippy           the service, by the toolchain that builds the images' >&2
          ${
            if edgeFolder != null then
              "echo 'docker compose up                  the stack as in production; ./drydock dev the one that follows what is edited' >&2"
            else
              "echo 'nix run .#up                       the stack as in production' >&2"
          }
          echo './drydock test                     every check and test; nix flake check is what needs no engine' >&2
        fi
      '';
    }
  );
}
