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
  strict ? true,
  deny ? null,
  # Shell commands that change the sources once more, after the dependencies are built.
  edit ? "",
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
  # By the name of a folder of Cargo's own for tests: the table that states what is in it.
  tables = {
    tests = "test";
    benches = "bench";
    examples = "example";
  };
  own = [ crate ] ++ crate.local;
  # Of the workspace, and no part of this.
  others = builtins.filter (
    package: !builtins.any (one: one.folder == package.folder) own
  ) crate.members;
  # Where a package is, as the beginning of a path below the sources.
  prefixOf = { folder, ... }: lib.optionalString (folder != "") "${lib.removePrefix "/" folder}/";
  isBelow = path: place: path == place || lib.hasPrefix "${place}/" path;
  # What of the sources only tests read; Cargo wants the files of the targets that are stated.
  ofTests = builtins.concatMap (
    package:
    map (place: "${prefixOf package}${place}") (
      builtins.filter (
        place: !(tables ? ${place} && crate.states package.folder tables.${place})
      ) testSources
    )
  ) own;
  # Nothing of these is compiled. Cargo's settings are the machine's, but for what is taken below.
  aside =
    path:
    builtins.match "(.*/)?(\\.git|\\.gitignore|\\.gitattributes|[^/]*\\.nix|\\.cargo/config(\\.toml)?)" path
    != null
    || builtins.match "(target|nginx/tls|\\.git|\\.github|\\.gitlab|\\.vscode|\\.idea)/.*" path != null
    ||
      builtins.match "flake\\.lock|drydock|\\.envrc|\\.editorconfig|\\.gitlab-ci\\.yml|(docker-)?compose[^/]*\\.ya?ml|(Docker|Container)file[^/]*|\\.dockerignore" path
      != null;
  always = [
    "Cargo.lock"
    "Cargo.toml"
  ]
  ++ map (package: "${prefixOf package}Cargo.toml") (own ++ others);
  wanted =
    path:
    if sources == null then
      !aside path
    else
      builtins.elem path always || builtins.any (isBelow path) sources;
  sourceOf =
    keep:
    import ./sources.nix {
      inherit src;
      keep =
        path:
        wanted path && keep path && !builtins.any (package: isBelow path "${prefixOf package}src") others;
    };
  # Cargo wants a package of its workspace to have something that it could build.
  emptied =
    package: keep:
    lib.concatMapStrings (
      file:
      let
        path = "${prefixOf package}${file}";
      in
      lib.optionalString (keep path) ''
        mkdir -p ${lib.escapeShellArg (dirOf path)}
        printf '//! Nothing.\nfn main() {}\n' > ${lib.escapeShellArg path}
      ''
    ) package.roots;
  withoutOthers = lib.concatMapStrings (
    package: emptied package (path: isBelow path "${prefixOf package}src")
  ) others;
  released = path: !builtins.any (isBelow path) ofTests;

  # What the crate's own .cargo/config.toml is taken for: variables, and conditions. What is
  # linked how, and for which processor, is not its machine's business.
  configured =
    let
      file = lib.findFirst builtins.pathExists null [
        (src + "/.cargo/config.toml")
        (src + "/.cargo/config")
      ];
    in
    if file == null then { } else lib.importTOML file;
  variables = builtins.mapAttrs (
    _: value:
    if builtins.isAttrs value then
      lib.optionalString (value.relative or false) "/build/source/" + value.value
    else
      value
  ) (configured.env or { });
  conditions =
    let
      words =
        flags:
        if builtins.isString flags then
          builtins.filter (word: word != "") (lib.splitString " " flags)
        else
          flags;
      of =
        flags:
        builtins.concatLists (
          builtins.genList (
            at:
            let
              word = builtins.elemAt flags at;
            in
            if lib.hasPrefix "--cfg=" word then
              [ word ]
            else if word == "--cfg" && at + 1 < builtins.length flags then
              [ "--cfg=${builtins.elemAt flags (at + 1)}" ]
            else
              [ ]
          ) (builtins.length flags)
        );
    in
    lib.unique (
      builtins.concatMap (place: of (words (place.rustflags or [ ]))) (
        [ (configured.build or { }) ] ++ builtins.attrValues (configured.target or { })
      )
    );

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

  # What its crates are known to look for, besides what the settings say.
  alone = builtins.length crate.members == 1;
  needs = lib.concatMapAttrs (
    name: need:
    lib.optionalAttrs (
      crate.dependencies ? ${name}
      && (
        if alone then
          !builtins.elem (need.unless or "") crate.dependencies.${name}
        else
          !(need.alone or false)
      )
    ) { ${name} = need; }
  ) (lib.importTOML ./needs.toml);
  needed =
    kind: packages:
    map (path: builtins.foldl' (set: name: set.${name}) packages (lib.splitString "." path)) (
      lib.unique (builtins.concatMap (need: need.${kind} or [ ]) (builtins.attrValues needs))
    );
  found = libraries pkgs.pkgsStatic ++ needed "libraries" pkgs.pkgsStatic;
  run = tools pkgs.pkgsStatic.buildPackages ++ needed "tools" pkgs.pkgsStatic.buildPackages;
  # With those that they need in turn.
  withTheirs =
    libraries:
    lib.unique (
      libraries
      ++ builtins.concatMap (library: withTheirs (library.propagatedBuildInputs or [ ])) libraries
    );
  # No database answers a build; what its queries are is in the sources.
  queries = lib.optionalAttrs (builtins.any (path: builtins.pathExists (src + path)) [
    "/.sqlx"
    "/sqlx-data.json"
    "${crate.folder}/.sqlx"
    "${crate.folder}/sqlx-data.json"
  ]) { SQLX_OFFLINE = "true"; };
  isFromGit = crate.chassis.source or null != null;
  vendored = lib.optionalAttrs isFromGit {
    cargoVendorDir = vendor [ (src + "/Cargo.lock") ];
  };
  # To the last line.
  kept = ''
    exec 2>&5 5>&-
    wait "$tee" || :
    tee=
  '';
  common =
    variables
    // queries
    // vendored
    // lib.optionalAttrs (found != [ ]) {
      PKG_CONFIG_ALL_STATIC = "1";
      buildInputs = found;
    }
    // {
      pname = crate.package;
      inherit (crate) version;
      strictDeps = true;
      postPatch = withoutOthers;
      CARGO_BUILD_TARGET = target;
      # In the place of all that a file may say.
      RUSTFLAGS = toString (lib.optional (rustFlags != "") rustFlags ++ conditions);
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
          bash ${./missing.sh} "$NIX_BUILD_TOP/cargo-output" >&2
        fi
      '';
      nativeBuildInputs = run ++ lib.optional (found != [ ]) pkgs.pkgsStatic.buildPackages.pkg-config;
    };
  release = common // {
    # Without the tests, an edit of which would else build and ship the binary anew.
    src = sourceOf released;
    cargoExtraArgs = build;
    doCheck = false;
  };
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

  # The package itself, with nothing in it: what it is built on stays as it is when it is edited.
  isOfPackage =
    path:
    builtins.elem path (map (file: "${prefixOf crate}${file}") crate.roots)
    || builtins.any (place: isBelow path "${prefixOf crate}${place}") [
      "src"
      "templates"
    ];
  withoutPackage = withoutOthers + emptied crate (_: true);

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
      fuzz = import ./fuzz.nix { inherit crane lib src; };
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
              cargoWithProfile build ${build}
              cargoWithProfile clean --package ${crate.package} --target ${target}
            '';
          }
        );
    DRYDOCK_REVISION = revision;
    postPatch = withoutOthers + edit;
    passthru = {
      inherit crate dependencies;
      # For builds on the working tree: cargo's arguments, tools, and variables.
      working = {
        arguments = [ "--package=${crate.package}" ] ++ selected;
        # More of them, where cargo has crates of its own.
        hostArguments = lib.optional isFromGit "--config=${chassisFrom crate.chassis.source}";
        tools = run ++ lib.optional (found != [ ]) pkgs.pkgsStatic.buildPackages.pkg-config-unwrapped;
        variables =
          queries
          // lib.optionalAttrs (configured != { }) {
            RUSTFLAGS = toString conditions;
            RUSTC_WRAPPER = "";
          }
          // lib.optionalAttrs (found != [ ]) (
            import ./static-target.nix { inherit lib pkgs; }
            // {
              PKG_CONFIG_ALLOW_CROSS = "1";
              PKG_CONFIG_ALL_STATIC = "1";
              PKG_CONFIG_PATH = lib.concatMapStringsSep ":" (library: "${library.dev or library}/lib/pkgconfig") (
                withTheirs found
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
        deny = crane.cargoDeny (
          vendored
          // {
            inherit (dev) pname version src;
            preBuild = "cp ${deny} deny.toml"; # it has no option for that which all its versions know
          }
        );
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
