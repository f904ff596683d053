# Checks of what is relied on in the flake's inputs: each name that is taken from them has been
# looked up, and each behaviour is as it was read.
{
  # What nix/stack.nix takes: pkgs, mkCrane, mkRustBin.
  inputs,
  # Gives the outputs for the like of those.
  stackWith,
}:
let
  inherit (inputs) pkgs;
  inherit (pkgs) lib;
  manifest = builtins.fromTOML (builtins.readFile ./manifest.toml);

  # Every derivation that the outputs have, evaluated.
  evaluated =
    note:
    let
      used = import ./used.nix (inputs // { inherit note; });
      # Crates are looked up in any database that has this folder.
      stack = stackWith (used // { advisoryDb = ./no-advisories; });
      paths = lib.mapAttrsToList (_: made: builtins.unsafeDiscardStringContext made.drvPath);
      programs = lib.mapAttrsToList (_: app: builtins.unsafeDiscardStringContext app.program);
    in
    builtins.deepSeq [
      (paths stack.checks)
      (paths stack.devShells)
      (programs stack.apps)
      stack.formatter.drvPath
    ];
  # "crane.cargoFmt(src)" is the argument src of crane.cargoFmt.
  lookedUp =
    use: value:
    let
      parts = builtins.match "(.*)[(]([^()]+)[)]" use;
      name = if parts == null then use else builtins.head parts;
      argument = lib.optional (parts != null) (builtins.elemAt parts 1);
      line = manifest.names.${name} or { };
      taken = lib.splitString " " (line.takes or "");
    in
    if line.at or "" != "" && builtins.all (name: builtins.elem name taken) argument then
      value
    else
      throw "${use} is used, and nix/repository/inputs/manifest.toml does not say where its input has it: look it up there first";
  # A table whose lines have what was found and what must be: its file gives those that differ.
  holds =
    name: file: arguments:
    let
      wrong = import (./. + "/${file}") arguments;
    in
    if wrong == [ ] then
      pkgs.runCommand name { } ''touch "$out"''
    else
      throw "the input does otherwise than nix/repository/inputs/${file} says: ${
        lib.concatMapStringsSep "; " toString wrong
      }";
in
{
  inputs-builders = import ./builders.nix { inherit pkgs; };
  inputs-crates = import ./crates.nix {
    inherit pkgs;
    crane = (inputs.mkCrane pkgs).overrideToolchain (
      pkgs: (inputs.mkRustBin pkgs).fromRustupToolchainFile ../../../rust-toolchain.toml
    );
  };
  inputs-images = import ./images.nix { inherit pkgs; };
  inputs-lib = holds "inputs-lib" "lib.nix" { inherit lib; };
  inputs-packages = holds "inputs-packages" "packages.nix" { inherit lib pkgs; };
  inputs-rust = holds "inputs-rust" "rust.nix" { rust = inputs.mkRustBin pkgs; };
  inputs-names = pkgs.runCommand "inputs-names" {
    evaluated = evaluated lookedUp "";
    # What is used, on stderr: for ./manifest.sh.
    passthru.uses = evaluated (name: builtins.trace "uses ${name}") null;
  } ''touch "$out"'';
}
