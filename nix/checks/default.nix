# An index only: every package is a check, and so is every test that rides on one.
{
  lib,
  packages,
  pkgs,
  name,
  port,
  readyPath,
  nginxConfig,
  # By package: the tests that ride on it.
  tests,
}:
packages
// lib.concatMapAttrs (package: lib.mapAttrs' (test: lib.nameValuePair "${package}-${test}")) tests
// {
  shell = import ./shell.nix { inherit lib pkgs; };
  nix-format = import ./nix-format.nix { inherit lib pkgs; };
  loopback = import ./loopback.nix {
    inherit
      lib
      name
      nginxConfig
      pkgs
      port
      readyPath
      ;
    inherit (packages) app nginx keypair;
  };
}
