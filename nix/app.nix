# The static release binary of the crate. Dependencies are a build of their own,
# so that an edit of a source file does not build them again. The lints and
# tests ride along as passthru.tests.
{
  crane,
  lib,
  src,
  # The Rust target triple, statically linked.
  target,
  # Compiled in, for `--version`.
  revision,
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
          ++ files
        )
      );
    };
  common = {
    strictDeps = true;
    CARGO_BUILD_TARGET = target;
    CARGO_BUILD_RUSTFLAGS = "-C target-feature=+crt-static";
  };
  release = common // {
    # Without the tests, an edit of which would else build and ship the binary anew.
    src = sourceOf [ ];
    doCheck = false;
  };
  # Tests and lints share one build without optimisation; crane's default is release.
  dev = common // {
    src = sourceOf (lib.optional (builtins.pathExists (src + "/tests")) "tests");
    CARGO_PROFILE = "dev";
  };
  devArtifacts = crane.buildDepsOnly dev;
  tests = dev // {
    cargoArtifacts = devArtifacts;
    doInstallCargoArtifacts = false;
  };
in
crane.buildPackage (
  release
  // {
    cargoArtifacts = crane.buildDepsOnly release;
    DRYDOCK_REVISION = revision;
    passthru = {
      # What else is built from the same sources starts from here.
      devArguments = tests;
      tests = {
        clippy = crane.cargoClippy (
          tests // { cargoClippyExtraArgs = "--all-targets --all-features -- --deny warnings"; }
        );
        test = crane.cargoTest tests;
        format = crane.cargoFmt { inherit (dev) src; };
      };
    };
  }
)
