# What of a rust-toolchain.toml reaches rust-overlay: ../../crate/toolchain.nix.
{ lib, pkgs }:
let
  given =
    text:
    import ../../crate/toolchain.nix {
      inherit lib;
      file = builtins.toFile "rust-toolchain" text;
      target = "static";
      mkRustBin = _: { fromRustupToolchainFile = _: { override = arguments: arguments; }; };
    } null;
  ours = {
    extensions = [
      "rustfmt"
      "clippy"
    ];
    targets = [ "static" ];
  };
  wrong =
    lib.optional (given "1.95.0\n" != ours) "a channel alone"
    ++ lib.optional (given "[toolchain]\nchannel = \"stable\"\n" != ours) "a file that states a channel"
    ++ lib.optional (
      given "[toolchain]\ncomponents = [\"rust-src\", \"clippy\"]\ntargets = [\"wasm32-unknown-unknown\", \"static\"]\n"
      != {
        extensions = [
          "rust-src"
          "clippy"
          "rustfmt"
        ];
        targets = [
          "wasm32-unknown-unknown"
          "static"
        ];
      }
    ) "a file that states components and targets";
in
if wrong == [ ] then
  pkgs.runCommand "toolchain-file" { } ''touch "$out"''
else
  throw "toolchain-file: nix/crate/toolchain.nix asks for something else than it should, of ${
    lib.concatMapStringsSep ", and of " (one: one) wrong
  }"
