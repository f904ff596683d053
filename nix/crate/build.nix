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
  # The crates of its workspace that it is built on, by their folders.
  members = (lib.importTOML (src + "/Cargo.toml")).workspace.members or [ ];
  nameOf = member: (lib.importTOML (src + "/${member}/Cargo.toml")).package.name;
  inMembers =
    files:
    builtins.concatMap (member: map (file: "${member}/${file}") ([ "Cargo.toml" ] ++ files)) members;
  # What programs are made of.
  own = [
    "build.rs"
    "src"
    "templates"
  ];
  ofMembers = inMembers [
    "build.rs"
    "src"
  ];
  sourceOf =
    files:
    lib.fileset.toSource {
      root = src;
      fileset = lib.fileset.unions (
        builtins.filter builtins.pathExists (
          map (file: src + "/${file}") (
            [
              "Cargo.toml"
              "Cargo.lock"
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
    src = sourceOf (own ++ ofMembers);
    doCheck = false;
  };
  # Tests and lints share one build without optimisation; crane's default is release.
  dev = common // {
    src = sourceOf (
      own
      ++ ofMembers
      ++ [
        "docs/CONFIGURATION.md"
        "tests"
      ]
      # An example is part of its crate's documentation.
      ++ inMembers [
        "examples"
        "tests/support"
      ]
    );
    CARGO_PROFILE = "dev";
    # With its members, all of which have the same dependencies then.
    cargoExtraArgs = "--locked --workspace";
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
  # Every file that is Rust, or says what is built from what.
  all = {
    src = sourceOf (
      own
      ++ [ "tests" ]
      ++ inMembers [
        "build.rs"
        "examples"
        "src"
        "tests"
      ]
    );
  };
  # A member with its tests, and nothing of the crate itself: whatever that is, it is an empty
  # program here, which has the same dependencies.
  member =
    folder:
    tests
    // {
      pname = nameOf folder;
      src = sourceOf (
        ofMembers
        ++ [
          "${folder}/examples"
          "${folder}/tests"
        ]
      );
      postPatch = "mkdir -p src && printf '//! Nothing.\nfn main() {}\n' > src/main.rs";
    };
  fuzzOf =
    src:
    lib.optionalAttrs (builtins.pathExists (src + "/fuzz")) {
      fuzz = import ./fuzz.nix { inherit crane lib src; };
    };
  dependencies = staticCrane.buildDepsOnly (
    release
    // {
      # By default all are checked as well, which is for lints: they have their own build.
      buildPhaseCargoCommand = "cargoWithProfile build --locked";
    }
  );
in
staticCrane.buildPackage (
  release
  // named
  // {
    # The members as well, so that an edit of the crate itself builds only that.
    cargoArtifacts =
      if members == [ ] then
        dependencies
      else
        staticCrane.mkCargoDerivation (
          release
          // {
            src = sourceOf ofMembers;
            pnameSuffix = "-members";
            cargoArtifacts = dependencies;
            doInstallCargoArtifacts = true;
            buildPhaseCargoCommand = "cargoWithProfile build --locked ${
              toString (map (member: "--package ${nameOf member}") members)
            }";
          }
        );
    DRYDOCK_REVISION = revision;
    postPatch = edit;
    passthru = {
      inherit dependencies;
      # What else is built from the same sources starts from here.
      devArguments = tests;
      tests = {
        clippy = staticCrane.cargoClippy (
          tests // { cargoClippyExtraArgs = "--all-targets --all-features -- --deny warnings"; }
        );
        test = staticCrane.cargoTest tests;
        doc = staticCrane.cargoDoc (tests // { RUSTDOCFLAGS = "--deny warnings"; });
        format = crane.cargoFmt all;
        deny = crane.cargoDeny (
          all
          // {
            preBuild = "cp ${deny} deny.toml"; # it has no option for that which all its versions know
          }
        );
      }
      // fuzzOf src;
      # By the member: what rides on it.
      memberTests = builtins.listToAttrs (
        map (folder: {
          name = nameOf folder;
          value = {
            clippy = staticCrane.cargoClippy (
              member folder // { cargoClippyExtraArgs = "--all-targets -- --deny warnings"; }
            );
            test = staticCrane.cargoTest (member folder);
          }
          // fuzzOf (src + "/${folder}");
        }) members
      );
    };
  }
)
