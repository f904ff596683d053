# An index, as ../../checks/default.nix: what is checked of Drydock itself, not of a crate that it
# builds.
{
  acme,
  app,
  call,
  image-acme,
  image-app,
  image-nginx,
  imageNginxOf,
  keypair,
  launch,
  lib,
  nginxConfig,
  pkgs,
  probe,
  updateCosts,
  workshop,
}:
let
  tests =
    app.memberTests
    // builtins.mapAttrs (_: image: image.tests) {
      inherit image-acme image-app image-nginx;
    }
    // {
      acme = acme.tests;
      keypair = keypair.tests;
      launch = launch.tests;
      probe = probe.tests;
      workshop = workshop.tests;
    };
  files = [
    "adopt"
    "commands"
    "components"
    "compose"
    "deploy"
    "docs"
    "edge"
    "engine"
    "hints"
    "instructions"
    "needed"
    "launched"
    "monitoring"
    "nginx-lint"
    "nix-format"
    "pairs"
    "publish"
    "references"
    "renewal"
    "rollout"
    "seen"
    "settings"
    "shell"
    "speed-page"
    "starting"
    "toolchain-file"
    "update-report"
    "workflows"
  ];
in
lib.concatMapAttrs (package: lib.mapAttrs' (test: lib.nameValuePair "${package}-${test}")) tests
// updateCosts {
  nginx = {
    layer = "nginx-config";
    # The configuration, and the assets above it.
    bytes = 20500;
    after = pkgs.dockerTools.mergeImages [
      image-app
      (imageNginxOf (nginxConfig {
        edit = "substituteInPlace http/client.conf --replace-fail '65s' '60s'";
      }))
    ];
  };
}
// lib.genAttrs files (name: call (./. + "/${name}.nix") { })
