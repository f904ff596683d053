# What the crates of another repository are linked with and built by: Debian packages, of which
# the front door fetches those that the repository's *.nix files name; ./library-kits lists them.
{
  # The compiler.
  cc,
  debian,
  fetchurl,
  lib,
  lock,
  # What there is besides, by nixpkgs' names.
  others,
  runCommand,
  shell,
  # The tree that the compiler is in.
  tools,
}:
let
  lines = builtins.filter (line: line != "") (
    lib.splitString "\n" (builtins.readFile ./library-kits)
  );
  packages = builtins.listToAttrs (
    map (
      line:
      let
        words = lib.splitString " " line;
      in
      lib.nameValuePair (builtins.head words) (builtins.tail words)
    ) lines
  );
  # What is not fetched is still there to be looked at.
  fetched =
    name: package:
    if lock.kits ? ${name} then
      package
    else
      throw "drydock: offline, ${name} is fetched when a *.nix file that git knows says pkgs.${name}; none does";

  describedAs =
    name: package: license: made:
    fetched name (
      made
      // debian.described {
        pname = name;
        kit = name;
        inherit license package;
      }
    );

  # Archives, headers and pkg-config's files. Of a static platform nixpkgs has no shared ones.
  library =
    name:
    let
      made = runCommand "${name}-static" { } ''
        mkdir -p "$out/lib/pkgconfig" "$out/include" unpacked
        for deb in ${toString (map (debian.debOf name) packages.${name})}; do
          ${debian.busybox} dpkg-deb -x "$deb" unpacked
        done
        cp -a unpacked/usr/include/. "$out/include/"
        for folder in "$out"/include/*-linux-gnu; do
          cp -a "$folder/." "$out/include/"
          rm -r "$folder"
        done
        cp -a unpacked/usr/lib/*-linux-gnu/*.a "$out/lib/"
        for file in unpacked/usr/lib/*-linux-gnu/pkgconfig/*.pc unpacked/usr/share/pkgconfig/*.pc; do
          sed "s|^prefix *=.*|prefix=$out|; s|^exec_prefix *=.*|exec_prefix=$out|; s|^libdir *=.*|libdir=$out/lib|; s|^includedir *=.*|includedir=$out/include|; s|/usr/include/[a-z0-9_]*-linux-gnu|$out/include|g; s|/usr/include|$out/include|g; s|/usr/lib/[a-z0-9_]*-linux-gnu|$out/lib|g" \
            "$file" > "$out/lib/pkgconfig/$(basename "$file")"
        done
      '';
    in
    fetched name (
      made
      // debian.described {
        pname = name;
        kit = name;
        package = builtins.head packages.${name};
      }
      // {
        dev = made;
      }
    );

  # Debian's has Kerberos in it, which it has no static archive of. The crate that brings libpq along
  # has its sources, and says in its build.rs which of them make an archive.
  libpq =
    let
      crate = builtins.head (lib.importTOML ./libpq.lock).package;
      version = builtins.elemAt (builtins.match "([^+]*)[+]libpq-(.*)" crate.version) 1;
      numbers = lib.splitString "." version;
      major = builtins.head numbers;
      minor = builtins.elemAt numbers 1;
      made =
        runCommand "libpq-static"
          {
            nativeBuildInputs = [ cc ];
            src = fetchurl {
              name = "${crate.name}-${crate.version}.crate";
              url = "";
              sha256 = crate.checksum;
            };
            flags = builtins.concatStringsSep " " ([
              "-O2 -fPIC -w -DFRONTEND -D_GNU_SOURCE -DHAVE_STRCHRNUL -DHAVE_STRSIGNAL -DUSE_OPENSSL=1"
              "-DPG_VERSION=\"${version}\" -DPG_VERSION_STR=\"PostgreSQL-${version}\" -DPG_MAJORVERSION=\"${major}\""
              "-DPG_VERSION_NUM=${
                toString (builtins.fromJSON major * 10000 + builtins.fromJSON minor)
              } -DPG_MAJORVERSION_NUM=${major} -DPG_MINORVERSION_NUM=${minor}"
              "-I. -Iadditional_include -Isource/src/include -Isource/src/port -I${library "openssl"}/include"
            ]);
          }
          ''
            tar -xzf "$src" --strip-components=1
            cp source/src/include/port/linux.h pg_config_os.h
            mkdir -p "$out/lib/pkgconfig" "$out/include"
            archive() { # NAME LISTS FOLDER
              mkdir "$1"
              # The constants of these names.
              for file in $(tr '\n' ' ' < build.rs | grep -oE "const $2_(BASE|LINUX|OPENSSL|NOT_WINDOWS): [^;]*;" | grep -oE '[A-Za-z0-9_-]+\.c'); do
                cc -c $flags -o "$1/$file.o" "source/src/$3/$file"
              done
              ar crs "$out/lib/lib$1.a" "$1"/*.o
            }
            archive pgport LIBPORTS port
            archive pgcommon LIBCOMMON common
            archive pq LIBPQ interfaces/libpq
            cp source/src/interfaces/libpq/libpq-*.h source/src/include/postgres_ext.h additional_include/pg_config_ext.h "$out/include/"
            printf '%s\n' "prefix=$out" "libdir=$out/lib" "includedir=$out/include" "Name: libpq" "Description: PostgreSQL libpq library" \
              "Version: ${version}" "Cflags: -I$out/include" "Libs: -L$out/lib -lpq" "Libs.private: -lpgcommon -lpgport -lm" \
              "Requires.private: libssl, libcrypto" > "$out/lib/pkgconfig/libpq.pc"
          '';
    in
    fetched "libpq" (
      made
      // {
        pname = "libpq";
        inherit version;
        meta = {
          license.spdxId = "PostgreSQL";
          identifiers.purl = "pkg:cargo/${crate.name}@${
            builtins.replaceStrings [ "+" ] [ "%2B" ] crate.version
          }";
        };
        dev = made;
      }
    );

  # Programs, each in the tree of its kit, where it finds its own files.
  program =
    name: programs:
    let
      tree = debian.kit name;
    in
    fetched name (
      runCommand name { meta.mainProgram = builtins.head programs; } ''
        mkdir -p "$out/bin"
        for program in ${toString programs}; do ln -s ${tree}/usr/bin/$program "$out/bin/"; done
      ''
    );
  # The same with variables, which say where it is; who calls the program by its own path in a build
  # has them as well.
  started =
    name: programs: variables:
    let
      tree = debian.kit name;
    in
    fetched name (
      runCommand name { meta.mainProgram = builtins.head programs; } ''
        mkdir -p "$out/bin" "$out/nix-support"
        tree=${tree}
        echo "export ${variables}" > "$out/nix-support/setup-hook"
        for program in ${toString programs}; do
          printf '#!%s\nexport %s\nexec %s "$@"\n' ${shell} "${variables}" "$tree/usr/bin/$program" > "$out/bin/$program"
          chmod +x "$out/bin/$program"
        done
      ''
    );

  libclang = debian.kit "libclang";
  bindgenHook = fetched "libclang" (
    runCommand "bindgen-hook" { } ''
      mkdir -p "$out/nix-support"
      libclang=$(echo ${libclang}/usr/lib/llvm-*/lib)
      # The compiler's tree has those of other processors, too.
      own=$(basename "$(dirname ${tools}/usr/lib/*-linux-gnu/libc.so.6)")
      headers=
      for folder in ${tools}/usr/lib/gcc/$own/*/include ${tools}/usr/include/$own ${tools}/usr/include; do
        headers="$headers -isystem $folder"
      done
      echo "export LIBCLANG_PATH=$libclang BINDGEN_EXTRA_CLANG_ARGS='-nostdlibinc$headers'" > "$out/nix-support/setup-hook"
    ''
  );

  programs = {
    inherit (others)
      curl
      python314
      ;
    python3 = others.python314;
    bzip2 = gnumake;
    cmake = program "cmake" [
      "cmake"
      "ctest"
      "cpack"
    ];
    git = started "git" [
      "git"
    ] "GIT_EXEC_PATH=$tree/usr/lib/git-core GIT_TEMPLATE_DIR=$tree/usr/share/git-core/templates";
    inherit gnumake;
    libclang = bindgenHook;
    llvmPackages = { inherit libclang; };
    nasm = program "nasm" [
      "nasm"
      "ndisasm"
    ];
    perl =
      started "perl"
        [
          "perl"
        ]
        "PERL5LIB=$(echo $tree/usr/lib/*/perl/5.[0-9]* $tree/usr/share/perl/5.[0-9]* $tree/usr/lib/*/perl-base | tr ' ' :)";
    # Of the target, as nixpkgs' wrapper is: it knows no folder but those of buildInputs.
    pkg-config = fetched "pkg-config" (
      runCommand "pkg-config" { meta.mainProgram = "pkg-config"; } ''
        mkdir -p "$out/bin" "$out/nix-support"
        printf '#!%s\nexport PKG_CONFIG_LIBDIR=\nexec %s "$@"\n' ${shell} ${debian.kit "pkg-config"}/usr/bin/pkgconf > "$out/bin/pkg-config"
        chmod +x "$out/bin/pkg-config"
        echo "export PKG_CONFIG=pkg-config PKG_CONFIG_ALLOW_CROSS=1" > "$out/nix-support/setup-hook"
      ''
    );
    # What that wraps: it knows the folders of PKG_CONFIG_PATH alone.
    pkg-config-unwrapped = fetched "pkg-config" (
      runCommand "pkg-config-unwrapped" { meta.mainProgram = "pkg-config"; } ''
        mkdir -p "$out/bin"
        printf '#!%s\nexport PKG_CONFIG_LIBDIR=\nexec %s "$@"\n' ${shell} ${debian.kit "pkg-config"}/usr/bin/pkgconf > "$out/bin/pkg-config"
        chmod +x "$out/bin/pkg-config"
      ''
    );
    protobuf = program "protobuf" [ "protoc" ];
    rustPlatform = { inherit bindgenHook; };
  };
  gnumake = fetched "gnumake" (
    runCommand "gnumake" { meta.mainProgram = "make"; } ''
      mkdir -p "$out/bin"
      for program in make gawk bzip2; do ln -s ${debian.kit "gnumake"}/usr/bin/$program "$out/bin/"; done
      ln -s gawk "$out/bin/awk"
      # nixpkgs' bash has it; what configures with it finds it by the PATH.
      ln -s ${shell} "$out/bin/sh"
    ''
  );

  # A word of the repository's *.nix files that is no name here has a sentence for whoever takes it
  # for one.
  orSentence =
    set: place:
    builtins.listToAttrs (
      map (
        name:
        lib.nameValuePair name (
          throw "drydock: offline there is no ${name} ${place}; it is there with the pinned inputs (DRYDOCK_INPUTS=connected). Offline there are ${builtins.concatStringsSep ", " (builtins.attrNames packages)}"
        )
      ) (builtins.filter (name: !set ? ${name}) lock.words)
    )
    // set;
in
{
  # The static platform's.
  libraries =
    set:
    orSentence (
      set
      // lib.genAttrs [
        "bzip2"
        "libmysqlclient"
        "libsodium"
        "lz4"
        "openssl"
        "sqlite"
        "xz"
        "zlib"
        "zstd"
      ] library
      // {
        inherit libpq;
      }
    ) "to link with";
  # What programs read while they run, as nixpkgs lays it out.
  data = {
    cacert = describedAs "cacert" "ca-certificates" "MPL-2.0" (
      runCommand "nss-cacert" { } ''
        ${debian.busybox} dpkg-deb -x ${debian.debOf "cacert" "ca-certificates"} unpacked
        mkdir -p "$out/etc/ssl/certs"
        cat unpacked/usr/share/ca-certificates/mozilla/*.crt > "$out/etc/ssl/certs/ca-bundle.crt"
      ''
    );
    tzdata =
      describedAs "tzdata" "tzdata"
        [
          { spdxId = "BSD-3-Clause"; }
          { shortName = "publicDomain"; }
        ]
        (
          runCommand "tzdata" { } ''
            ${debian.busybox} dpkg-deb -x ${debian.debOf "tzdata" "tzdata"} unpacked
            mkdir -p "$out/share"
            cp -a unpacked/usr/share/zoneinfo "$out/share/"
            # The machine's, in Debian.
            rm -f "$out/share/zoneinfo/localtime"
          ''
        );
  };
  # Those of the machine that builds.
  tools = set: orSentence (set // programs) "to build with";
}
