# What the flake has of a crate: packages, and checks.
scope:
let
  inherit (scope)
    call
    image-app
    image-nginx
    lib
    manifest
    pkgs
    ;
  # Only those of what is built here: nixpkgs' packages bring tests of their own.
  tests = {
    app = scope.app.tests;
    image-app = image-app.tests;
    image-nginx = image-nginx.tests;
  }
  // scope.app.memberTests;
  # By what is changed in one line: the layer that may differ then, what may be shipped,
  # and the archive with the change.
  updates = {
    app = {
      layer = "${manifest.name}-*${manifest.version}";
      bytes = scope.editBytes;
      after = pkgs.dockerTools.mergeImages [
        (scope.imageAppOf (scope.appWith scope.edit))
        image-nginx
      ];
    };
    nginx = {
      layer = "nginx-config";
      # The configuration, and the assets above it.
      bytes = 22500;
      after = pkgs.dockerTools.mergeImages [
        image-app
        (scope.imageNginxOf (
          scope.nginxConfig {
            edit = "substituteInPlace http/client.conf --replace-fail '65s' '60s'";
          }
        ))
      ];
    };
  };
  loopback = call ./loopback.nix { };
in
{
  packages = {
    inherit (scope)
      app
      assets
      dev-loop
      image
      image-app
      image-base
      image-ci
      image-dev
      image-nginx
      keypair
      nginx
      probe
      ;
    # The crate's dependencies alone, which the app is built on.
    app-deps = scope.app.dependencies;
  };
  # Every package is a check, and so is every test that rides on one; the rest are files here.
  checks =
    scope.packages
    // lib.concatMapAttrs (package: lib.mapAttrs' (test: lib.nameValuePair "${package}-${test}")) tests
    // lib.mapAttrs' (
      name: update:
      lib.nameValuePair "update-cost-${name}" (
        call ./update-cost.nix (
          update
          // {
            inherit name;
            before = scope.image;
          }
        )
      )
    ) updates
    // {
      inherit loopback;
      advisories = call ./advisories.nix { };
      shipped = call ./shipped.nix { inherit loopback; };
      toolchain = call ./toolchain.nix { };
    };
}
