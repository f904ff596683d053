# What each output of the flake for one system is made from, a line each, such as
# `packages.x86_64-linux.app /nix/store/…-app.drv`: two trees whose lines are the same
# build the same. ./affected.nix hands this to `nix eval --apply`.
system: outputs:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    unsafeDiscardStringContext
    ;
  derivation = output: output.drvPath;
  # What names an output's inputs, by kind. An app is a program in the store, whose path
  # changes with what it is built from.
  made = {
    apps = app: app.program;
    checks = derivation;
    devShells = derivation;
    packages = derivation;
  };
  lines =
    kind:
    let
      ofSystem = outputs.${kind}.${system} or { };
    in
    map (
      name: "${kind}.${system}.${name} ${unsafeDiscardStringContext (made.${kind} ofSystem.${name})}"
    ) (attrNames ofSystem);
in
concatStringsSep "\n" (concatMap lines (attrNames made))
