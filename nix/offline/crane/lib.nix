# crane's functions with crane's names, arguments and defaults; the crates come
# from the store, where the front door has put what cargo fetched.
pkgs:
let
  inherit (pkgs) lib;

  # The crates of the source's Cargo.lock, and cargo's settings for them.
  vendorCargoDeps =
    {
      src,
      cargoLock ? src + "/Cargo.lock",
      ...
    }:
    pkgs.writeText "config.toml" ''
      [source.crates-io]
      replace-with = "vendored"
      [source.vendored]
      directory = "${pkgs.rustPlatform.importCargoLock { lockFile = cargoLock; }}"
    '';

  # The crates of several lock files, each of them once.
  vendorMultipleCargoDeps =
    { cargoLockList }:
    let
      packages = lib.unique (
        map
          (package: {
            inherit (package)
              name
              version
              source
              checksum
              ;
          })
          (
            builtins.filter (package: package ? source) (
              builtins.concatMap (lock: (lib.importTOML lock).package) cargoLockList
            )
          )
      );
      entry =
        package:
        "[[package]]\n"
        + lib.concatLines (lib.mapAttrsToList (key: value: ''${key} = "${value}"'') package);
      config = pkgs.writeText "config.toml" ''
        [source.crates-io]
        replace-with = "vendored"
        [source.vendored]
        directory = "${
          pkgs.rustPlatform.importCargoLock { lockFileContents = lib.concatLines (map entry packages); }
        }"
      '';
    in
    pkgs.runCommand "vendor-cargo-deps" { } ''
      mkdir "$out"
      cp ${config} "$out/config.toml"
    '';

  manifestOf =
    {
      src,
      cargoToml ? src + "/Cargo.toml",
      ...
    }:
    lib.importTOML cargoToml;

  # The folders of the source that have a manifest.
  crateFolders =
    src:
    let
      below =
        folder:
        let
          entries = builtins.readDir (src + "/${folder}");
        in
        lib.optional (entries ? "Cargo.toml") folder
        ++ builtins.concatMap (
          name: lib.optionals (entries.${name} == "directory") (below "${folder}/${name}")
        ) (builtins.attrNames entries);
    in
    below ".";

  # Every file that the manifest makes a target of, by cargo's own rules.
  targetFiles =
    src:
    let
      manifest = manifestOf { inherit src; };
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
          pname ? (manifestOf args).package.name,
          version ? (manifestOf args).package.version,
          pnameSuffix ? "",
          postPatch ? "",
          postUnpack ? "",
          nativeBuildInputs ? [ ],
          ...
        }@args:
        pkgs.runCommand "${pname}${pnameSuffix}-${version}"
          (
            removeAttrs args [
              "buildPhaseCargoCommand"
              "cargoToml"
              "cargoVendorDir"
              "checkPhaseCargoCommand"
              "doCheck"
              "doInstallCargoArtifacts"
              "installPhaseCommand"
              "pnameSuffix"
              "postPatch"
              "postUnpack"
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
            find source -type f -exec touch {} +
            sourceRoot=source
            ${postUnpack}
            cd "$sourceRoot"
            ${postPatch}
            ${lib.optionalString (args ? cargoLock) ''cp --no-preserve=mode "$cargoLock" Cargo.lock''}
            export CARGO_HOME=$PWD/.cargo-home CARGO_TARGET_DIR=$PWD/target CARGO_NET_OFFLINE=true
            mkdir "$CARGO_HOME"
            ${lib.optionalString (cargoVendorDir != null) ''cp ${cargoVendorDir} "$CARGO_HOME/config.toml"''}
            ${lib.optionalString (cargoArtifacts != null) ''
              cp -a ${cargoArtifacts}/target .
              chmod -R u+w target
            ''}
            eval "''${preBuild:-}"
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
      inherit mkCargoDerivation vendorCargoDeps vendorMultipleCargoDeps;

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
              ${lib.concatLines (
                map (folder: ''
                  mkdir -p "$out/${folder}"
                  cd "$out/${folder}"
                  cp ${
                    builtins.path {
                      path = src + "/${folder}/Cargo.toml";
                      name = "Cargo.toml";
                    }
                  } Cargo.toml
                  for file in ${lib.escapeShellArgs (targetFiles (src + "/${folder}"))}; do
                    mkdir -p "$(dirname "$file")"
                    echo 'fn main() {}' > "$file"
                  done
                '') (crateFolders src)
              )}
              cd "$out"
              ${lib.optionalString (builtins.pathExists (src + "/Cargo.lock")) ''
                cp ${
                  builtins.path {
                    path = src + "/Cargo.lock";
                    name = "Cargo.lock";
                  }
                } Cargo.lock
              ''}
            '';
            pname = args.pname or (manifestOf args).package.name;
            version = args.version or (manifestOf args).package.version;
            pnameSuffix = "-deps";
            cargoVendorDir = args.cargoVendorDir or (vendorCargoDeps args);
            cargoArtifacts = null;
            inherit doCheck;
            buildPhaseCargoCommand =
              args.buildPhaseCargoCommand or ''
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

      cargoDeny =
        {
          cargoDenyExtraArgs ? "",
          cargoDenyChecks ? "bans licenses sources",
          cargoExtraArgs ? "",
          ...
        }@args:
        mkCargoDerivation (
          without [ "cargoDenyExtraArgs" "cargoExtraArgs" ] args
          // {
            buildPhaseCargoCommand = "cargo --offline ${cargoExtraArgs} deny ${cargoDenyExtraArgs} check ${cargoDenyChecks}";
            cargoArtifacts = null;
            doInstallCargoArtifacts = false;
            pnameSuffix = "-deny";
            nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ pkgs.cargo-deny ];
          }
        );

      cargoAudit =
        {
          advisory-db,
          cargoAuditExtraArgs ? "--ignore yanked",
          src,
          ...
        }@args:
        mkCargoDerivation (
          without [ "cargoAuditExtraArgs" ] args
          // {
            buildPhaseCargoCommand = "cargo audit -n -d ${advisory-db} ${cargoAuditExtraArgs}";
            src = builtins.path {
              path = src;
              name = "source";
              filter =
                path: type:
                type == "directory" || lib.hasSuffix "Cargo.lock" path || lib.hasSuffix "audit.toml" path;
            };
            cargoArtifacts = null;
            cargoVendorDir = null;
            doInstallCargoArtifacts = false;
            pnameSuffix = "-audit";
            pname = args.pname or "crate";
            version = args.version or "0.0.0";
            nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ pkgs.cargo-audit ];
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
