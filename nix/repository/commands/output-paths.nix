# What each output of the flake for one system is built by, a line each, such as
# `packages.x86_64-linux.app /nix/store/…-app.drv`: two trees whose lines are the same
# build the same. ./affected.nix and ../.github/build.sh hand this to `nix eval --apply`.
system: outputs:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    getContext
    head
    unsafeDiscardStringContext
    ;
  derivation = output: output.drvPath;
  # By kind. An app is a path to a program, which knows what builds it.
  made = {
    apps = app: head (attrNames (getContext app.program));
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
