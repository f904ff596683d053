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
  sources = lib.fileset.toSource {
    root = src;
    fileset = lib.fileset.unions [
      (src + "/Cargo.toml")
      (src + "/Cargo.lock")
      (src + "/src")
      (lib.fileset.maybeMissing (src + "/tests"))
    ];
  };
  common = {
    src = sources;
    strictDeps = true;
    CARGO_BUILD_TARGET = target;
    CARGO_BUILD_RUSTFLAGS = "-C target-feature=+crt-static";
  };
  release = common // {
    doCheck = false;
  };
  # Tests and lints share one build without optimisation; crane's default is release.
  dev = common // {
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
        format = crane.cargoFmt { inherit (common) src; };
      };
    };
  }
)
