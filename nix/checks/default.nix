# An index only: every package is a check, and so are the tests that ride on it.
{
  lib,
  packages,
  pkgs,
  name,
  nginxConfig,
}:
packages
// lib.concatMapAttrs (
  package: value:
  lib.mapAttrs' (test: check: lib.nameValuePair "${package}-${test}" check) (value.tests or { })
) packages
// {
  shell = import ./shell.nix { inherit lib pkgs; };
  nix-format = import ./nix-format.nix { inherit lib pkgs; };
  loopback = import ./loopback.nix {
    inherit
      lib
      name
      nginxConfig
      pkgs
      ;
    inherit (packages) app nginx keypair;
  };
}
