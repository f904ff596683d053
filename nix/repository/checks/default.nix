# An index, as ../../checks/default.nix: what is checked of Drydock itself, not of a crate that it
# builds.
{
  call,
  keypair,
  lib,
  probe,
  workshop,
}:
let
  tests = {
    keypair = keypair.tests;
    probe = probe.tests;
    workshop = workshop.tests;
  };
  files = [
    "compose"
    "docs"
    "engine"
    "instructions"
    "nginx-lint"
    "nix-format"
    "pairs"
    "publish"
    "seen"
    "shell"
    "speed-page"
    "update-report"
    "workflows"
  ];
in
lib.concatMapAttrs (package: lib.mapAttrs' (test: lib.nameValuePair "${package}-${test}")) tests
// lib.genAttrs files (name: call (./. + "/${name}.nix") { })
