# crane's functions with crane's names, arguments and defaults; the crates come
# from the store, where the front door has put what cargo fetched.
pkgs:
let
  inherit (pkgs) lib;

  # The crates of the source's Cargo.lock, and cargo's settings for them.
  vendorCargoDeps =
    { src, ... }:
    pkgs.writeText "config.toml" ''
      [source.crates-io]
      replace-with = "vendored"
      [source.vendored]
      directory = "${pkgs.rustPlatform.importCargoLock { lockFile = src + "/Cargo.lock"; }}"
    '';

  manifestOf = src: lib.importTOML (src + "/Cargo.toml");

  # Every file that the manifest makes a target of, by cargo's own rules.
  targetFiles =
    src:
    let
      manifest = manifestOf src;
      rustFilesIn =
        folder:
        lib.optionals (builtins.pathExists (src + "/${folder}")) (
          map (name: "${folder}/${name}") (
            builtins.filter (lib.hasSuffix ".rs") (builtins.attrNames (builtins.readDir (src + "/${folder}")))
          )
        );
      stated =
        builtins.concatMap (kind: map (t: t.path) (builtins.filter (t: t ? path) (manifest.${kind} or [ ])))
          [
            "bin"
            "test"
            "bench"
          ];
      usual = builtins.filter (file: builtins.pathExists (src + "/${file}")) [
        "src/lib.rs"
        "src/main.rs"
      ];
    in
    lib.unique (stated ++ usual ++ rustFilesIn "src/bin" ++ rustFilesIn "tests");

  makeLib =
    toolchain:
    let
      mkCargoDerivation =
        {
          src,
          cargoArtifacts,
          buildPhaseCargoCommand,
          checkPhaseCargoCommand ? "",
          installPhaseCommand ? "mkdir -p $out",
          doCheck ? false,
          doInstallCargoArtifacts ? true,
          cargoVendorDir ? vendorCargoDeps args,
          pname ? (manifestOf src).package.name,
          version ? (manifestOf src).package.version,
          pnameSuffix ? "",
          nativeBuildInputs ? [ ],
          ...
        }@args:
        pkgs.runCommand "${pname}${pnameSuffix}-${version}"
          (
            removeAttrs args [
              "buildPhaseCargoCommand"
              "cargoVendorDir"
              "checkPhaseCargoCommand"
              "doCheck"
              "doInstallCargoArtifacts"
              "installPhaseCommand"
              "pnameSuffix"
              "strictDeps"
            ]
            // {
              inherit pname version;
              CARGO_PROFILE = args.CARGO_PROFILE or "release";
              nativeBuildInputs = nativeBuildInputs ++ [
                toolchain
                pkgs.stdenv.cc
              ];
            }
          )
          ''
            cargoWithProfile() {
              local command=$1
              shift
              cargo "$command" ''${CARGO_PROFILE:+--profile "$CARGO_PROFILE"} "$@"
            }
            # The sources are written anew, so that cargo sees them as newer than
            # the artifacts of the dummy sources, whose time is the store's.
            cp -r "$src" source
            chmod -R u+w source
            cd source
            find . -type f -exec touch {} +
            export CARGO_HOME=$PWD/.cargo-home CARGO_TARGET_DIR=$PWD/target CARGO_NET_OFFLINE=true
            mkdir "$CARGO_HOME"
            ${lib.optionalString (cargoVendorDir != null) ''cp ${cargoVendorDir} "$CARGO_HOME/config.toml"''}
            ${lib.optionalString (cargoArtifacts != null) ''
              cp -a ${cargoArtifacts}/target .
              chmod -R u+w target
            ''}
            ${buildPhaseCargoCommand}
            ${lib.optionalString doCheck checkPhaseCargoCommand}
            ${installPhaseCommand}
            ${lib.optionalString doInstallCargoArtifacts ''
              mkdir -p "$out"
              cp -a target "$out/"
            ''}
            ${lib.optionalString (!doInstallCargoArtifacts && cargoVendorDir != null) ''
              # Messages name source files below the vendored crates; that is no
              # reason to keep those. The replacement has the same length.
              vendored=$(sed -n 's|^directory = "/nix/store/\([^-]*\)-.*|\1|p' ${cargoVendorDir})
              find "$out" -type f -exec sed -i "s/$vendored/$(printf 'e%.0s' {1..32})/g" {} +
            ''}
          '';
      without = names: args: removeAttrs args names;
    in
    {
      inherit mkCargoDerivation vendorCargoDeps;

      overrideToolchain = chosen: makeLib (if builtins.isFunction chosen then chosen pkgs else chosen);

      fileset.commonCargoSources =
        root:
        lib.fileset.fileFilter (
          file: file.hasExt "rs" || file.hasExt "toml" || file.name == "Cargo.lock"
        ) root;

      # The dependencies alone: the crate's own sources are empty here, so an
      # edit of one changes nothing of this.
      buildDepsOnly =
        {
          cargoExtraArgs ? "--locked",
          doCheck ? true,
          src,
          ...
        }@args:
        mkCargoDerivation (
          without [ "cargoExtraArgs" ] args
          // {
            src = pkgs.runCommand "dummy-source" { } ''
              mkdir "$out"
              cd "$out"
              cp ${
                builtins.path {
                  path = src + "/Cargo.toml";
                  name = "Cargo.toml";
                }
              } Cargo.toml
              cp ${
                builtins.path {
                  path = src + "/Cargo.lock";
                  name = "Cargo.lock";
                }
              } Cargo.lock
              for file in ${lib.escapeShellArgs (targetFiles src)}; do
                mkdir -p "$(dirname "$file")"
                echo 'fn main() {}' > "$file"
              done
            '';
            pname = args.pname or (manifestOf src).package.name;
            version = args.version or (manifestOf src).package.version;
            pnameSuffix = "-deps";
            cargoVendorDir = args.cargoVendorDir or (vendorCargoDeps { inherit src; });
            cargoArtifacts = null;
            inherit doCheck;
            buildPhaseCargoCommand = ''
              cargoWithProfile check ${cargoExtraArgs} ${lib.optionalString doCheck "--all-targets"}
              cargoWithProfile build ${cargoExtraArgs}
            '';
            checkPhaseCargoCommand = "cargoWithProfile test ${cargoExtraArgs} --no-run";
          }
        );

      buildPackage =
        {
          cargoExtraArgs ? "--locked",
          doCheck ? true,
          ...
        }@args:
        mkCargoDerivation (
          without [ "cargoExtraArgs" ] args
          // {
            inherit doCheck;
            doInstallCargoArtifacts = false;
            buildPhaseCargoCommand = "cargoWithProfile build ${cargoExtraArgs}";
            checkPhaseCargoCommand = "cargoWithProfile test ${cargoExtraArgs}";
            installPhaseCommand = ''
              mkdir -p "$out/bin"
              find "target/''${CARGO_BUILD_TARGET:-}/$CARGO_PROFILE" -maxdepth 1 -type f -perm -100 -exec cp {} "$out/bin/" \;
            '';
          }
        );

      cargoClippy =
        {
          cargoArtifacts,
          cargoClippyExtraArgs ? "--all-targets",
          cargoExtraArgs ? "--locked",
          ...
        }@args:
        mkCargoDerivation (
          without [ "cargoClippyExtraArgs" "cargoExtraArgs" ] args
          // {
            pnameSuffix = "-clippy";
            buildPhaseCargoCommand = "cargoWithProfile clippy ${cargoExtraArgs} ${cargoClippyExtraArgs}";
          }
        );

      cargoTest =
        {
          cargoArtifacts,
          cargoExtraArgs ? "--locked",
          cargoTestExtraArgs ? "",
          ...
        }@args:
        mkCargoDerivation (
          without [ "cargoExtraArgs" "cargoTestExtraArgs" ] args
          // {
            doCheck = args.doCheck or true;
            pnameSuffix = "-test";
            buildPhaseCargoCommand = "";
            checkPhaseCargoCommand = "cargoWithProfile test ${cargoExtraArgs} ${cargoTestExtraArgs}";
          }
        );

      cargoFmt =
        {
          cargoExtraArgs ? "",
          rustFmtExtraArgs ? "",
          ...
        }@args:
        mkCargoDerivation (
          without [ "cargoExtraArgs" "rustFmtExtraArgs" ] args
          // {
            cargoArtifacts = null;
            cargoVendorDir = null;
            pnameSuffix = "-fmt";
            doInstallCargoArtifacts = false;
            buildPhaseCargoCommand = "cargo fmt ${cargoExtraArgs} -- --check ${rustFmtExtraArgs}";
          }
        );

      devShell =
        {
          checks ? { },
          packages ? [ ],
          ...
        }@args:
        pkgs.mkShell (without [ "checks" ] args // { packages = packages ++ [ toolchain ]; });
    };
in
makeLib (throw "the offline crane has no toolchain of its own: use overrideToolchain")
