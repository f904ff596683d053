# The toolchain that a rust-toolchain.toml or rust-toolchain names, with what every build needs
# besides. rust-overlay's `override` takes the place of what the file states (lib/rust-bin.nix,
# makeOverridable), so that this is stated once more.
{
  lib,
  # rust-overlay's `lib.mkRustBin { }`.
  mkRustBin,
  file,
  # The Rust target triple that the program is built for.
  target,
}:
let
  text = builtins.readFile file;
  # rustup takes a file with a channel alone, too.
  plain = builtins.match "[^\r\n]+\r?\n?" text != null;
  stated = if plain then { } else (builtins.fromTOML text).toolchain;
in
pkgs:
((mkRustBin pkgs).fromRustupToolchainFile file).override {
  extensions = lib.unique (
    stated.components or [ ]
    ++ [
      "rustfmt"
      "clippy"
    ]
  );
  targets = lib.unique (stated.targets or [ ] ++ [ target ]);
}
