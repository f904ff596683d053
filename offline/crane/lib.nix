# crane's functions with crane's names, arguments and defaults; the crates come
# from the store, where the front door has put what cargo fetched.
pkgs:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv) buildPlatform hostPlatform;
  # The packages that run where it is built.
  build = pkgs.buildPackages;

  registry = "https://github.com/rust-lang/crates.io-index";

  # A crate, held to the checksum that stands in the lock.
  cargoPackage =
    {
      name,
      version,
      source,
      checksum,
    }:
    if source != "registry+${registry}" then
      throw "drydock: offline, crates come from crates.io's index alone, and ${name} ${version} is from ${source}; with the pinned inputs it is fetched"
    else
      build.runCommand "cargo-package-${name}-${version}" { } ''
        mkdir "$out"
        tar -xzf ${
          build.fetchurl {
            name = "${name}-${version}.crate";
            url = "";
            sha256 = checksum;
          }
        } -C "$out" --strip-components=1 --no-same-owner
        echo '{"files":{}, "package":"${checksum}"}' > "$out/.cargo-checksum.json"
      '';

  # The crates of several lock files, each of them once and in a store path of its own:
  # config.toml, for cargo, and a folder of links.
  vendorMultipleCargoDeps =
    {
      cargoLockList,
      overrideVendorGitCheckout ? _: checkout: checkout,
    }:
    let
      all = lib.unique (
        map
          (package: {
            inherit (package)
              name
              version
              source
              ;
            # What comes from git has none.
            checksum = package.checksum or "";
          })
          (
            builtins.filter (package: package ? source) (
              builtins.concatMap (lock: (lib.importTOML lock).package or [ ]) cargoLockList
            )
          )
      );
      isGit = package: lib.hasPrefix "git" package.source;
      packages = builtins.filter (package: !isGit package) all;
      # By what cargo calls a repository: those of its packages that the locks name.
      repositories = builtins.foldl' (
        found: package:
        let
          parts = lib.splitString "#" package.source;
          id =
            if builtins.length parts == 2 then
              lib.removePrefix "git+" (builtins.head parts)
            else
              throw "Cargo.lock is missing a locked revision for ${package.name}@${package.version}.";
        in
        found // { ${id} = found.${id} or [ ] ++ [ package ]; }
      ) { } (builtins.filter isGit all);
      checkedOut =
        id: packages:
        let
          first = builtins.head packages;
          extracted = overrideVendorGitCheckout packages (
            throw "drydock: offline, crates come from crates.io's index alone, and ${first.name} ${first.version} is from ${first.source}; with the pinned inputs it is fetched"
          );
        in
        build.runCommand "linkLockedDeps" { } ''
          mkdir "$out"
          ${lib.concatLines (
            map (
              { name, version, ... }: "ln -s ${extracted}/${name}-${version} $out/${name}-${version}"
            ) packages
          )}
        '';
      # Of its query, cargo knows three parameters.
      tableOf =
        id:
        let
          parts = lib.splitString "?" id;
          parameters = builtins.concatMap (
            parameter:
            let
              pair = lib.splitString "=" parameter;
            in
            lib.optional (builtins.elem (builtins.head pair) [
              "branch"
              "rev"
              "tag"
            ]) "${builtins.head pair} = \"${builtins.elemAt pair 1}\"\n"
          ) (builtins.concatMap (lib.splitString "&") (builtins.tail parts));
        in
        ''
          [source.nix-sources-${builtins.hashString "sha256" id}]
          directory = "$out/${builtins.hashString "sha256" id}"
          [source."${id}"]
          replace-with = "nix-sources-${builtins.hashString "sha256" id}"
          git = "${builtins.head parts}"
        ''
        + builtins.concatStringsSep "" parameters;
      sources = builtins.hashString "sha256" "registry+${registry}";
      linked = build.runCommand "vendor-registry" { } ''
        mkdir "$out"
        ${lib.concatLines (
          map (package: "ln -s ${cargoPackage package} $out/${package.name}-${package.version}") packages
        )}
      '';
    in
    build.runCommand "vendor-cargo-deps" { passthru.bringsC = builtins.any bringsC all; } ''
      mkdir "$out"
      cat > "$out/config.toml" <<END
      [source.nix-sources-${sources}]
      directory = "$out/${sources}"
      [source.crates-io]
      registry = "${registry}"
      replace-with = "nix-sources-${sources}"
      ${lib.concatMapStrings tableOf (builtins.attrNames repositories)}
      END
      ln -s ${linked} "$out/${sources}"
      ${lib.concatLines (
        lib.mapAttrsToList (
          id: packages: "ln -s ${checkedOut id packages} $out/${builtins.hashString "sha256" id}"
        ) repositories
      )}
    '';

  vendorCargoDeps = args: vendorMultipleCargoDeps { cargoLockList = [ (lockOf args) ]; };
  vendoredFor = args: args.cargoVendorDir or (vendorCargoDeps args);
  lockOf = args: args.cargoLock or (args.src + "/Cargo.lock");

  # nixpkgs' stdenv has make, and Debian's build kit has not. The front door fetches it for the same
  # crates: those that bring C, unless it is known that they only call the compiler.
  withoutMake = lib.splitString "\n" (builtins.readFile ../nixpkgs/crates-without-make);
  bringsC =
    { name, ... }:
    (lib.hasSuffix "-sys" name || lib.hasSuffix "-src" name) && !builtins.elem name withoutMake;
  makeFor =
    args:
    let
      vendored = vendoredFor args;
    in
    lib.optional (hostPlatform.isStatic && vendored != null && vendored.passthru.bringsC) build.gnumake;

  # By the manifest at the top, as far as it says so: that of a workspace need not.
  nameOf =
    args:
    let
      file = args.cargoToml or (args.src + "/Cargo.toml");
      manifest = builtins.fromTOML (builtins.unsafeDiscardStringContext (builtins.readFile file));
      first =
        names: placeholder: field:
        let
          texts = builtins.filter builtins.isString names;
        in
        if texts != [ ] then
          builtins.head texts
        else
          lib.warn "crane will use a placeholder value since `${field}` cannot be found in ${file}" placeholder;
    in
    {
      pname =
        args.pname or (first [
          (manifest.package.metadata.crane.name or null)
          (manifest.package.name or null)
          (manifest.workspace.metadata.crane.name or null)
          (manifest.workspace.package.name or null)
        ] "cargo-package" "name");
      version =
        args.version or (first [
          (manifest.package.version or null)
          (manifest.workspace.package.version or null)
        ] "0.0.1" "version");
    };

  setupHook =
    name: file:
    build.runCommand name { } ''
      mkdir -p "$out/nix-support"
      cp ${
        build.writeText "${name}.sh" (
          builtins.replaceStrings [ "@jq@" ] [ (lib.getExe build.jq) ] (builtins.readFile file)
        )
      } "$out/nix-support/setup-hook"
    '';
  hooks = setupHook "crane-hooks" ./hooks.sh;
  installHooks = setupHook "crane-install-hooks" ./install.sh;

  dummySource = import ./dummy-source.nix { inherit build lib; };

  # Of what crane's functions take and these have nothing for; any other is a variable.
  unknown = [
    "buildPhase"
    "cargoAuditExtraArgs"
    "cargoCheckCommand"
    "cargoCheckExtraArgs"
    "cargoDenyChecks"
    "cargoDenyExtraArgs"
    "cargoDocExtraArgs"
    "cargoLockContents"
    "cargoLockParsed"
    "cargoTestCommand"
    "cargoTomlContents"
    "checkPhase"
    "configurePhase"
    "docInstallRoot"
    "dummySrc"
    "extraDummyScript"
    "installCargoArtifactsMode"
    "installPhase"
    "outputHashes"
    "rustFmtExtraArgs"
    "stdenv"
  ];

  # The compilers of both platforms, where they are not the same.
  ofPlatform =
    kind:
    { stdenv, ... }:
    let
      program = name: "${stdenv.cc}/bin/${stdenv.cc.targetPrefix}${name}";
    in
    {
      "${kind}_CC" = program "cc";
      "${kind}_CXX" = program "c++";
      "${kind}_AR" = program "ar";
      "CARGO_TARGET_${stdenv.hostPlatform.rust.cargoEnvVarTarget}_LINKER" = program "cc";
    };
  crossEnv = lib.optionalAttrs (buildPlatform != hostPlatform) (
    ofPlatform "HOST" build // ofPlatform "TARGET" pkgs
  );

  makeLib =
    toolchain:
    let
      mkCargoDerivation =
        {
          cargoArtifacts,
          buildPhaseCargoCommand,
          checkPhaseCargoCommand ? "",
          installPhaseCommand ? "mkdir -p $out",
          pnameSuffix ? "",
          ...
        }@args:
        let
          refused = builtins.filter (name: args ? ${name}) unknown;
        in
        if refused != [ ] then
          throw "the offline crane has no ${toString refused}"
        else
          pkgs.stdenv.mkDerivation (
            crossEnv
            # Offline both platforms have one triple, so that the compiler for the machine itself is
            # asked for the target, too; what configures links with it, and statically.
            // lib.optionalAttrs (args.make or (makeFor args) != [ ]) (ofPlatform "HOST" pkgs)
            // removeAttrs args [
              "buildPhaseCargoCommand"
              "cargoBuildExtraArgs"
              "cargoExtraArgs"
              "cargoTestExtraArgs"
              "checkPhaseCargoCommand"
              "installPhaseCommand"
              "make"
              "pnameSuffix"
            ]
            // {
              pname = "${(nameOf args).pname}${pnameSuffix}";
              inherit (nameOf args) version;
              doInstallCargoArtifacts = args.doInstallCargoArtifacts or true;
              cargoVendorDir = vendoredFor args;
              nativeBuildInputs =
                args.nativeBuildInputs or [ ]
                ++ [
                  toolchain
                  hooks
                  build.zstd
                ]
                ++ args.make or (makeFor args);
              configurePhase = ''
                runHook preConfigure
                runHook postConfigure
              '';
              buildPhase = ''
                runHook preBuild
                cargo --version
                ${buildPhaseCargoCommand}
                runHook postBuild
              '';
              checkPhase = ''
                runHook preCheck
                ${checkPhaseCargoCommand}
                runHook postCheck
              '';
              installPhase = ''
                runHook preInstall
                ${installPhaseCommand}
                runHook postInstall
              '';
            }
          );
    in
    {
      inherit mkCargoDerivation vendorMultipleCargoDeps;

      overrideToolchain = chosen: makeLib (if builtins.isFunction chosen then chosen build else chosen);

      # The dependencies alone: an edit of a source file changes nothing of this.
      buildDepsOnly =
        {
          src,
          cargoBuildExtraArgs ? "",
          cargoExtraArgs ? "--locked",
          cargoTestExtraArgs ? "--no-run",
          ...
        }@args:
        let
          doCheck = args.doCheck or true;
        in
        mkCargoDerivation (
          args
          // nameOf args
          // {
            inherit doCheck;
            src = dummySource src;
            # Of what is built before anything can be read from it.
            make = makeFor args;
            pnameSuffix = "-deps";
            cargoArtifacts = null;
            cargoVendorDir = vendoredFor args;
            env = args.env or { } // {
              CRANE_BUILD_DEPS_ONLY = args.env.CRANE_BUILD_DEPS_ONLY or 1;
            };
            buildPhaseCargoCommand =
              args.buildPhaseCargoCommand or ''
                cargoWithProfile check ${cargoExtraArgs} ${lib.optionalString doCheck "--all-targets"}
                cargoWithProfile build ${cargoExtraArgs} ${cargoBuildExtraArgs}
              '';
            checkPhaseCargoCommand =
              args.checkPhaseCargoCommand or "cargoWithProfile test ${cargoExtraArgs} ${cargoTestExtraArgs}";
            doInstallCargoArtifacts = true;
          }
        );

      buildPackage =
        {
          cargoArtifacts,
          cargoBuildCommand ? "cargoWithProfile build",
          cargoBuildExtraArgs ? "",
          cargoExtraArgs ? "--locked",
          cargoTestExtraArgs ? "",
          ...
        }@args:
        mkCargoDerivation (
          removeAttrs args [ "cargoBuildCommand" ]
          // {
            doCheck = args.doCheck or true;
            doInstallCargoArtifacts = args.doInstallCargoArtifacts or false;
            buildPhaseCargoCommand = ''
              cargoBuildLog=$(mktemp cargoBuildLogXXXX.json)
              ${cargoBuildCommand} --message-format json-render-diagnostics ${cargoExtraArgs} ${cargoBuildExtraArgs} >"$cargoBuildLog"
            '';
            checkPhaseCargoCommand = "cargoWithProfile test ${cargoExtraArgs} ${cargoTestExtraArgs}";
            installPhaseCommand = ''
              mkdir -p "$out"
              cp -r "$postBuildInstallFromCargoBuildLogOut"/. "$out/"
            '';
            nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ installHooks ];
          }
        );

      cargoClippy =
        {
          cargoArtifacts,
          cargoExtraArgs ? "--locked",
          cargoClippyExtraArgs ? "--all-targets",
          ...
        }@args:
        mkCargoDerivation (
          removeAttrs args [ "cargoClippyExtraArgs" ]
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
          args
          // {
            doCheck = args.doCheck or true;
            pnameSuffix = "-test";
            buildPhaseCargoCommand = "";
            checkPhaseCargoCommand = "cargoWithProfile test ${cargoExtraArgs} ${cargoTestExtraArgs}";
          }
        );

      cargoDoc =
        {
          cargoArtifacts,
          cargoExtraArgs ? "--locked",
          ...
        }@args:
        mkCargoDerivation (
          args
          // {
            pnameSuffix = "-doc";
            buildPhaseCargoCommand = "cargoWithProfile doc ${cargoExtraArgs} --no-deps";
            doInstallCargoArtifacts = args.doInstallCargoArtifacts or false;
            # Without a target of its own cargo has another folder for it.
            installPhaseCommand = ''
              docs=''${CARGO_TARGET_DIR:-target}/''${CARGO_BUILD_TARGET:-}/doc
              [ -d "$docs" ] || docs=''${CARGO_TARGET_DIR:-target}/doc
              mkdir -p "$out/share"
              mv "$docs" "$out/share"
            '';
          }
        );

      cargoDeny =
        args:
        mkCargoDerivation (
          args
          // {
            buildPhaseCargoCommand = "cargo --offline deny check bans licenses sources";
            cargoArtifacts = null;
            doInstallCargoArtifacts = false;
            pnameSuffix = "-deny";
            nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ build.cargo-deny ];
          }
        );

      cargoAudit =
        {
          advisory-db,
          src,
          ...
        }@args:
        mkCargoDerivation (
          args
          // {
            buildPhaseCargoCommand = "cargo audit -n -d ${advisory-db} --ignore yanked";
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
            nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ build.cargo-audit ];
          }
        );

      cargoFmt =
        args:
        mkCargoDerivation (
          args
          // {
            cargoArtifacts = null;
            cargoVendorDir = null;
            pnameSuffix = "-fmt";
            buildPhaseCargoCommand = "cargo fmt -- --check";
          }
        );

      devShell =
        {
          packages ? [ ],
          ...
        }@args:
        build.mkShell (args // { packages = [ toolchain ] ++ packages; });
    };
in
makeLib (throw "the offline crane has no toolchain of its own: use overrideToolchain")
