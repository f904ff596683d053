# The static release binary of a crate. Dependencies are a build of their own, and so are the
# packages beside it that it is built on, so that an edit of a source file builds its package
# alone. The lints and tests ride along as passthru.tests.
{
  # For the machine that builds, and for the target.
  crane,
  staticCrane,
  lib,
  pkgs,
  rustFlags,
  # The folder that has Cargo.lock.
  src,
  # The Rust target triple, statically linked.
  target,
  # Compiled in, for `--version`.
  revision,
  # ./vendor.nix
  chassisFrom,
  vendor,
  # The settings of these names: see ../settings/rows.nix.
  package ? null,
  name ? null,
  features ? [ ],
  defaultFeatures ? true,
  libraries ? _: [ ],
  tools ? _: [ ],
  sources ? null,
  testSources ? [
    "tests"
    "benches"
    "examples"
    "fuzz"
  ],
  stop ? "SIGTERM",
  strict ? true,
  deny ? null,
  # Shell commands that change the sources once more, after the dependencies are built.
  edit ? "",
  # What it is linked with, as C is.
  libc ? pkgs.pkgsStatic.stdenv.cc.libc,
  # What the assets are called, for the crate's build script; null for none.
  manifest ? null,
}:
let
  crate = import ./cargo.nix {
    inherit
      lib
      name
      package
      src
      ;
  };
  config = import ./cargo-config.nix { inherit lib src; };
  found = import ./needed.nix {
    inherit
      crate
      lib
      libraries
      pkgs
      tools
      vendor
      ;
  };
  selection = import ./selection.nix {
    inherit
      crate
      lib
      sources
      src
      testSources
      ;
  };
  inherit (selection)
    isOfPackage
    released
    sourceOf
    withoutOthers
    withoutPackage
    ;

  common = import ./common.nix {
    inherit
      config
      crate
      defaultFeatures
      features
      found
      lib
      pkgs
      rustFlags
      src
      target
      vendor
      ;
    inherit (selection) withoutOthers;
  };
  inherit (common) arguments build;
  # Which crates are in the program stands in it.
  auditable = "cargo auditable build --release";
  release = arguments // {
    # Without the tests, an edit of which would else build and ship the binary anew.
    src = sourceOf released;
    cargoExtraArgs = build;
    doCheck = false;
    nativeBuildInputs = arguments.nativeBuildInputs ++ [ pkgs.cargo-auditable ];
  };
  stops =
    let
      inherit (pkgs.pkgsStatic.stdenv) cc;
    in
    pkgs.runCommand "stop.o" { nativeBuildInputs = [ pkgs.stdenv.cc.bintools ]; } ''
      ${cc}/bin/${cc.targetPrefix}cc -O2 -x c -c - -o "$out" < ${./stop.c} # without its name
    '';
  # Only the crate itself, so that an edit of an asset leaves its dependencies.
  named = lib.optionalAttrs (manifest != null) { DRYDOCK_ASSETS = manifest; };
  dependencies = staticCrane.buildDepsOnly (
    release
    // {
      # By default all are checked as well, which is for lints: they have their own build.
      buildPhaseCargoCommand = "cargoWithProfile build ${build}";
    }
  );
in
staticCrane.buildPackage (
  release
  // named
  // {
    cargoArtifacts =
      if crate.local == [ ] then
        dependencies
      else
        staticCrane.mkCargoDerivation (
          release
          // {
            src = sourceOf (path: released path && !isOfPackage path);
            postPatch = withoutPackage;
            pnameSuffix = "-members";
            cargoArtifacts = dependencies;
            doInstallCargoArtifacts = true;
            # What was made of nothing is taken away, or cargo would take it for the package.
            buildPhaseCargoCommand = ''
              ${auditable} ${build}
              cargoWithProfile clean --package ${crate.package} --target ${target}
            '';
          }
        );
    cargoBuildCommand = auditable;
    nativeBuildInputs = release.nativeBuildInputs ++ [ pkgs.removeReferencesTo ];
    postInstall = import ./references.nix { inherit found lib pkgs; };
  }
  # Of the program alone, so that what it is built on is as it was.
  // lib.optionalAttrs (stop == "none") {
    cargoBuildCommand = "cargo auditable rustc --release";
    cargoExtraArgs = "${build} -- -C link-arg=${stops}";
  }
  // {
    DRYDOCK_REVISION = revision;
    postPatch = withoutOthers + edit;
    passthru = {
      inherit crate dependencies src;
      inherit
        (import ./tests.nix {
          inherit
            common
            crane
            crate
            deny
            lib
            named
            selection
            src
            staticCrane
            strict
            testSources
            vendor
            ;
        })
        devArguments
        memberTests
        tests
        ;
      # What is in it besides crates.
      linked = found.withTheirs found.libraries ++ lib.optional (libc != null) libc;
      working = import ./working.nix {
        inherit
          chassisFrom
          common
          config
          crate
          found
          lib
          pkgs
          ;
      };
    };
  }
)
