# An index, as ../../checks/default.nix: what is checked of Drydock itself, not of a crate that it
# builds.
{
  benchDriver,
  call,
  asserter,
  dev-loop,
  image-app,
  image-nginx,
  keypair,
  lib,
  probe,
  src,
}:
let
  tests = {
    tools = keypair.tests;
    probe = probe.tests;
    dev-loop = dev-loop.tests;
    image-facts = asserter.tests;
    bench-driver = benchDriver.tests;
  };
  files = [
    "compose"
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
