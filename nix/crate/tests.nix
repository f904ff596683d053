# The lints and tests of a crate, and of the packages beside it.
{
  crane,
  staticCrane,
  lib,
  vendor,
  src,
  # ./cargo.nix
  crate,
  # ./selection.nix
  selection,
  # ./common.nix
  common,
  # What the build of the package itself has besides.
  named,
  testSources,
  strict,
  deny,
}:
let
  inherit (common) arguments cargoVendorDir;
  inherit (selection)
    isBelow
    isOfPackage
    prefixOf
    sourceOf
    withoutPackage
    ;
  # Tests and lints share one build without optimisation; crane's default is release.
  dev = arguments // {
    # Where each package beside it has checks of its own, without that one's tests.
    src = sourceOf (
      path:
      !strict
      || !builtins.any (
        package:
        isBelow path "${prefixOf package}fuzz"
        || (
          lib.hasPrefix "${prefixOf package}tests/" path
          && builtins.match "[^/]*\\.rs" (lib.removePrefix "${prefixOf package}tests/" path) != null
        )
      ) crate.local
    );
    CARGO_PROFILE = "dev";
    # With the packages beside it, all of which have the same dependencies then.
    cargoExtraArgs = common.test;
    # A panic says where it was without it, and a build takes a quarter less.
    CARGO_PROFILE_DEV_DEBUG = "false";
  };
  tests =
    dev
    // named
    // {
      cargoArtifacts = staticCrane.buildDepsOnly dev;
      doInstallCargoArtifacts = false;
    };
  lint = lib.optionalString strict " --all-features -- --deny warnings";

  # A package beside it with its tests, and nothing of the package itself.
  member =
    package:
    tests
    // {
      pname = package.name;
      src = sourceOf (
        path:
        !isOfPackage path
        && !isBelow path "${prefixOf package}fuzz"
        && !builtins.any (place: isBelow path "${prefixOf crate}${place}") testSources
      );
      postPatch = withoutPackage;
      cargoExtraArgs = "--locked --package ${package.name}";
    };
  fuzzOf =
    src:
    lib.optionalAttrs (builtins.pathExists (src + "/fuzz")) {
      fuzz = import ./fuzz.nix {
        inherit
          crane
          lib
          src
          vendor
          ;
      };
    };
in
{
  # What else is built from the same sources starts from here.
  devArguments = tests;
  tests = {
    clippy = staticCrane.cargoClippy (tests // { cargoClippyExtraArgs = "--all-targets${lint}"; });
    test = staticCrane.cargoTest tests;
  }
  // lib.optionalAttrs strict {
    doc = staticCrane.cargoDoc (tests // { RUSTDOCFLAGS = "--deny warnings"; });
    format = crane.cargoFmt { inherit (dev) pname version src; };
  }
  // lib.optionalAttrs strict (fuzzOf (src + crate.folder))
  // lib.optionalAttrs (deny != null) {
    deny = crane.cargoDeny {
      inherit cargoVendorDir;
      inherit (dev) pname version src;
      preBuild = "cp ${deny} deny.toml"; # it has no option for that which all its versions know
    };
  };
  # By the package: what rides on it.
  memberTests = builtins.listToAttrs (
    map (package: {
      inherit (package) name;
      value = {
        clippy = staticCrane.cargoClippy (
          member package // { cargoClippyExtraArgs = "--all-targets${lint}"; }
        );
        test = staticCrane.cargoTest (member package);
      }
      // fuzzOf (src + package.folder);
    }) crate.local
  );
}
