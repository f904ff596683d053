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
      ;
  };
  inherit
    (import ./selection.nix {
      inherit
        crate
        lib
        sources
        src
        testSources
        ;
    })
    isBelow
    isOfPackage
    prefixOf
    released
    sourceOf
    withoutOthers
    withoutPackage
    ;

  selected =
    lib.optional (!defaultFeatures) "--no-default-features"
    ++
      lib.optional (crate.features ++ features != [ ])
        "--features=${
          lib.concatMapStringsSep "," (feature: "${crate.package}/${feature}") (
            lib.unique (crate.features ++ features)
          )
        }";
  build = "--locked --package ${crate.package} --bin ${crate.program} ${toString selected}";
  test = "--locked ${toString (map (package: "--package ${package}") names)} ${toString selected}";
  names = [ crate.package ] ++ map (package: package.name) crate.local;

  # No database answers a build; what its queries are is in the sources.
  queries = lib.optionalAttrs (builtins.any (path: builtins.pathExists (src + path)) [
    "/.sqlx"
    "/sqlx-data.json"
    "${crate.folder}/.sqlx"
    "${crate.folder}/sqlx-data.json"
  ]) { SQLX_OFFLINE = "true"; };
  isFromGit = crate.chassis.source or null != null;
  # Once for all that is built of it: by itself, crane evaluates each crate of the lock anew for
  # each derivation.
  cargoVendorDir = vendor [ (src + "/Cargo.lock") ];
  # To the last line.
  kept = ''
    exec 2>&5 5>&-
    wait "$tee" || :
    tee=
  '';
  common =
    config.variables
    // queries
    // lib.optionalAttrs (found.libraries != [ ]) {
      PKG_CONFIG_ALL_STATIC = "1";
      buildInputs = found.libraries;
    }
    // {
      pname = crate.package;
      inherit (crate) version;
      inherit cargoVendorDir;
      strictDeps = true;
      postPatch = withoutOthers;
      CARGO_BUILD_TARGET = target;
      # In the place of all that a file may say.
      RUSTFLAGS = toString (lib.optional (rustFlags != "") rustFlags ++ config.conditions);
      RUSTC_WRAPPER = "";
      # What cargo writes is kept, for a sentence on what it misses.
      preBuild = ''
        exec 5>&2 2> >(tee "$NIX_BUILD_TOP/cargo-output" >&5)
        tee=$!
      '';
      postBuild = kept;
      failureHook = ''
        if [ -n "''${tee:-}" ]; then
          ${kept}
          bash ${./missing.sh} "$NIX_BUILD_TOP/cargo-output" ${lib.escapeShellArgs names} >&2
        fi
      '';
      nativeBuildInputs =
        found.tools ++ lib.optional (found.libraries != [ ]) pkgs.pkgsStatic.buildPackages.pkg-config;
    };
  # Which crates are in the program stands in it.
  auditable = "cargo auditable build --release";
  release = common // {
    # Without the tests, an edit of which would else build and ship the binary anew.
    src = sourceOf released;
    cargoExtraArgs = build;
    doCheck = false;
    nativeBuildInputs = common.nativeBuildInputs ++ [ pkgs.cargo-auditable ];
  };
  stops =
    let
      inherit (pkgs.pkgsStatic.stdenv) cc;
    in
    pkgs.runCommand "stop.o" { nativeBuildInputs = [ pkgs.stdenv.cc.bintools ]; } ''
      ${cc}/bin/${cc.targetPrefix}cc -O2 -x c -c - -o "$out" < ${./stop.c} # without its name
    '';
  # Tests and lints share one build without optimisation; crane's default is release.
  dev = common // {
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
    cargoExtraArgs = test;
    # A panic says where it was without it, and a build takes a quarter less.
    CARGO_PROFILE_DEV_DEBUG = "false";
  };
  # Only the crate itself, so that an edit of an asset leaves its dependencies.
  named = lib.optionalAttrs (manifest != null) { DRYDOCK_ASSETS = manifest; };
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
      # What is in it besides crates.
      linked = found.withTheirs found.libraries ++ lib.optional (libc != null) libc;
      # For builds on the working tree: cargo's arguments, tools, and variables.
      working = {
        arguments = [ "--package=${crate.package}" ] ++ selected;
        # More of them, where cargo has crates of its own.
        hostArguments = lib.optional isFromGit "--config=${chassisFrom crate.chassis.source}";
        tools =
          found.tools
          ++ lib.optional (found.libraries != [ ]) pkgs.pkgsStatic.buildPackages.pkg-config-unwrapped;
        variables =
          queries
          // lib.optionalAttrs (config.isThere) {
            RUSTFLAGS = toString config.conditions;
            RUSTC_WRAPPER = "";
          }
          // lib.optionalAttrs (found.libraries != [ ]) (
            import ./static-target.nix { inherit lib pkgs; }
            // {
              PKG_CONFIG_ALLOW_CROSS = "1";
              PKG_CONFIG_ALL_STATIC = "1";
              PKG_CONFIG_PATH = lib.concatMapStringsSep ":" (library: "${library.dev or library}/lib/pkgconfig") (
                found.withTheirs found.libraries
              );
              inherit (common) RUSTFLAGS;
            }
          );
      };
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
    };
  }
)
