# Variables by which cargo builds for the static target, and by which build scripts that call the
# crate cc find a C compiler for it, where no stdenv says so:
# https://docs.rs/cc/latest/cc/#external-configuration-via-environment-variables
{ lib, pkgs }:
let
  inherit (pkgs.pkgsStatic.stdenv) cc hostPlatform;
  compiler = program: "${cc}/bin/${cc.targetPrefix}${program}";
in
{
  CARGO_BUILD_TARGET = hostPlatform.rust.rustcTarget;
  "CARGO_TARGET_${hostPlatform.rust.cargoEnvVarTarget}_LINKER" = compiler "cc";
  TARGET_CC = compiler "cc";
  TARGET_CXX = compiler "c++";
  TARGET_AR = compiler "ar";
}
