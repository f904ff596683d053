# The static release binary of the crate. Dependencies are a build of their own,
# so that an edit of a source file does not build them again. The lints and
# tests ride along as passthru.tests.
{
  # For the machine that builds, and for the target.
  crane,
  staticCrane,
  lib,
  rustFlags,
  src,
  # The Rust target triple, statically linked.
  target,
  # Compiled in, for `--version`.
  revision,
  # cargo-deny's configuration: which crates it may be built from.
  deny,
  # Shell commands that change the sources once more, after the dependencies are built.
  edit ? "",
  # What the assets are called, for the crate's build script; null for none.
  manifest ? null,
}:
let
  sourceOf =
    files:
    lib.fileset.toSource {
      root = src;
      fileset = lib.fileset.unions (
        map (file: src + "/${file}") (
          [
            "Cargo.toml"
            "Cargo.lock"
            "src"
          ]
          ++ builtins.filter (file: builtins.pathExists (src + "/${file}")) (
            [
              "build.rs"
              "templates"
            ]
            ++ files
          )
        )
      );
    };
  common = {
    strictDeps = true;
    CARGO_BUILD_TARGET = target;
    CARGO_BUILD_RUSTFLAGS = rustFlags;
  };
  release = common // {
    # Without the tests, an edit of which would else build and ship the binary anew.
    src = sourceOf [ ];
    doCheck = false;
  };
  # Tests and lints share one build without optimisation; crane's default is release.
  dev = common // {
    src = sourceOf [ "tests" ];
    CARGO_PROFILE = "dev";
    # A panic says where it was without it, and a build takes a quarter less.
    CARGO_PROFILE_DEV_DEBUG = "false";
  };
  devArtifacts = staticCrane.buildDepsOnly dev;
  # Only the crate itself, so that an edit of an asset leaves its dependencies.
  named = lib.optionalAttrs (manifest != null) { DRYDOCK_ASSETS = manifest; };
  tests =
    dev
    // named
    // {
      cargoArtifacts = devArtifacts;
      doInstallCargoArtifacts = false;
    };
in
staticCrane.buildPackage (
  release
  // named
  // {
    cargoArtifacts = staticCrane.buildDepsOnly (
      release
      // {
        # By default all are checked as well, which is for lints: they have their own build.
        buildPhaseCargoCommand = "cargoWithProfile build --locked";
      }
    );
    DRYDOCK_REVISION = revision;
    postPatch = edit;
    passthru = {
      # What else is built from the same sources starts from here.
      devArguments = tests;
      tests = {
        clippy = staticCrane.cargoClippy (
          tests // { cargoClippyExtraArgs = "--all-targets --all-features -- --deny warnings"; }
        );
        test = staticCrane.cargoTest tests;
        format = crane.cargoFmt { inherit (dev) src; };
        deny = crane.cargoDeny {
          inherit (dev) src;
          preBuild = "cp ${deny} deny.toml"; # it has no option for that which all its versions know
        };
      }
      // lib.optionalAttrs (builtins.pathExists (src + "/fuzz")) {
        fuzz = import ./fuzz.nix { inherit crane lib src; };
      };
    };
  }
)
