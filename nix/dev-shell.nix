# `nix develop`: the toolchain that builds the images, and every tool in use.
{
  crane,
  nginx,
  pkgs,
}:
crane.devShell {
  packages = [
    pkgs.cargo-fuzz
    pkgs.curl
    pkgs.docker-client
    pkgs.docker-compose
    pkgs.jq
    pkgs.nixfmt
    pkgs.openssl
    pkgs.shellcheck
    nginx
  ];
}
