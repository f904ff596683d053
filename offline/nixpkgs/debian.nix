# Turns Debian packages into store paths that stand by themselves: each program
# is patched onto libraries in the store, so that Nix sees real references.
{ lock, system }:
let
  # A file that the front door has put into the store under this hash already.
  stored =
    name: mode: hash:
    derivation {
      inherit name system;
      builder = "/bin/sh";
      args = [
        "-c"
        "echo '${name} is not in the store: run ./drydock again, which fetches it' >&2; exit 1"
      ];
      outputHashMode = mode;
      outputHashAlgo = "sha256";
      outputHash = hash;
    };

  busybox = "${stored "busybox" "recursive" lock.busybox}/bin/busybox";

  deb = file: stored file "flat" lock.packages.${file};

  # The one file of a kit that holds the package of this name.
  fileOf =
    kit: package:
    let
      hits = builtins.filter (file: builtins.match "${package}_.*" file != null) lock.kits.${kit};
    in
    if builtins.length hits == 1 then
      builtins.head hits
    else
      throw "kit ${kit} has ${toString (builtins.length hits)} packages named ${package}";
  debOf = kit: package: deb (fileOf kit package);

  # What nixpkgs says of a package, of Debian's: the version is that of its authors, without an
  # epoch, Debian's own revision (deb-version(7)) and what it says of its sources.
  described =
    {
      # As nixpkgs calls it.
      pname,
      kit,
      package,
      # As SPDX has it, or several as nixpkgs has them, if it is known.
      license ? null,
    }:
    let
      parts = builtins.match "${package}_(.*)_[a-z0-9]+[.]deb" (fileOf kit package);
      whole = builtins.replaceStrings [ "_3a" ] [ ":" ] (builtins.head parts);
      withoutEpoch = builtins.elemAt (builtins.match "([0-9]+:)?(.*)" whole) 1;
      # What the expression has in its last parentheses, or else the whole.
      cut =
        expression: text:
        let
          found = builtins.match expression text;
        in
        if found == null then text else builtins.elemAt found (builtins.length found - 1);
    in
    {
      inherit pname;
      version = builtins.head (
        builtins.split "[.+](dfsg|ds)" (cut ".*[+]really(.*)" (cut "(.*)-[^-]*" withoutEpoch))
      );
      meta = {
        identifiers.purl = "pkg:deb/${if lock.suite == "devel" then "ubuntu" else "debian"}/${package}@${
          builtins.replaceStrings [ ":" "+" ] [ "%3A" "%2B" ] whole
        }?arch=${if system == "aarch64-linux" then "arm64" else "amd64"}";
      }
      // (
        if license == null then
          { }
        else if builtins.isString license then
          { license.spdxId = license; }
        else
          { inherit license; }
      );
    };

  # Runs a script with busybox alone: what everything else is built from.
  run =
    name: env: script:
    derivation (
      {
        inherit name system;
        builder = busybox;
        args = [
          "sh"
          "-euc"
          ''
            ${busybox} mkdir "$NIX_BUILD_TOP/bin"
            ${busybox} --install -s "$NIX_BUILD_TOP/bin"
            export PATH="$NIX_BUILD_TOP/bin"
            ${script}
            exit 0
          ''
        ];
      }
      // env
    );

  # One program of a kit, as it is: it is started through the kit's own ld.so.
  # Patched, some programs crash (a Haskell one is among them).
  program =
    name: main:
    run name { debs = map deb lock.kits.${name}; } ''
      mkdir -p "$out/kit" "$out/bin"
      for deb in $debs; do dpkg-deb -x "$deb" "$out/kit"; done
      rm -rf "$out"/kit/usr/share/doc "$out"/kit/usr/share/man "$out"/kit/usr/share/locale
      for file in "$out/kit/usr/bin/${main}" "$out/kit/usr/libexec/docker/cli-plugins/${main}"; do
        [ ! -e "$file" ] || break
      done
      # A static program names no ld.so.
      if grep -q ld-linux "$file"; then
        loader=$(echo "$out"/kit/usr/lib/*/ld-linux*.so.*)
        cat > "$out/bin/${main}" <<WRAPPER
      #!${busybox} sh
      exec "$loader" --library-path "''${loader%/*}" --argv0 "${main}" "$file" "\$@"
      WRAPPER
        chmod +x "$out/bin/${main}"
      else
        ln -s "$file" "$out/bin/${main}"
      fi
    '';

  patchelf = program "patchelf" "patchelf";
in
{
  inherit
    busybox
    debOf
    described
    patchelf
    program
    run
    stored
    ;

  # All packages of a kit in one tree with /bin and /lib, each program patched
  # onto the tree's own libc. For tools, whose size does not matter.
  kit =
    name:
    run name { debs = map deb lock.kits.${name}; } ''
      PATH=$PATH:${patchelf}/bin
      mkdir -p "$out/usr/bin" "$out/usr/sbin" "$out/usr/lib"
      ln -s usr/bin usr/sbin usr/lib usr/lib64 "$out"
      for deb in $debs; do
        dpkg-deb -x "$deb" "$NIX_BUILD_TOP/tree"
      done
      cp -a "$NIX_BUILD_TOP"/tree/usr/. "$out/usr/"
      [ ! -d "$NIX_BUILD_TOP/tree/etc" ] || cp -a "$NIX_BUILD_TOP/tree/etc" "$out/etc"
      rm -rf "$out/usr/share/doc" "$out/usr/share/man" "$out/usr/share/locale" "$out/usr/share/info"
      libraries=$(echo "$out"/usr/lib/*-linux-gnu*)
      loader=$(echo "$out"/usr/lib/*-linux-gnu*/ld-linux*.so.*)
      find "$out" -type f \( -perm -100 -o -name '*.so*' \) | while read -r file; do
        case ''${file##*/} in ld-linux*.so.* | libc.so.6 | *.o | *.a) continue ;; esac
        [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
        # Patched, the compiler proper crashes; it is started through ld.so instead.
        case ''${file##*/} in cc1 | cc1plus)
          mv "$file" "$file-unpatched"
          printf '#!%s sh\nexec %s --library-path %s --argv0 %s %s "$@"\n' \
            ${busybox} "$loader" "$libraries" "$file" "$file-unpatched" > "$file"
          chmod +x "$file"
          continue
          ;;
        esac
        # A program that is linked statically has no place for either.
        old=$(patchelf --print-rpath "$file" 2>/dev/null) || continue
        own=$(echo "$old" | tr : '\n' | sed -n "s|^/usr/|$out/usr/|p" | tr '\n' :)
        if patchelf --print-interpreter "$file" >/dev/null 2>&1; then
          patchelf --set-interpreter "$loader" --set-rpath "$own$libraries" "$file"
        else
          patchelf --set-rpath "$own$libraries" "$file"
        fi
      done
      find "$out" -type l | while read -r link; do
        case $(readlink "$link") in /*) ln -sfn "$out$(readlink "$link")" "$link" ;; esac
      done
    '';

  # Of a kit's programs those that some of its packages bring.
  part =
    name: kit: tree: packages:
    run name { } ''
      mkdir -p "$out/bin"
      for deb in ${toString (map (debOf kit) packages)}; do dpkg-deb -x "$deb" "$NIX_BUILD_TOP/tree"; done
      for file in "$NIX_BUILD_TOP"/tree/usr/bin/*; do
        ln -s "${tree}/bin/''${file##*/}" "$out/bin/"
      done
    '';

  # One package's files by name, each library or program patched onto the
  # libraries of `needs`; fails when one that it needs is not among them.
  component =
    {
      # The store path's name.
      name,
      # The kit and the package in it.
      kit,
      package,
      # Files below usr/ with shell patterns -> the folder of the output.
      files,
      # The components that its ELF files need.
      needs ? [ ],
      # The component that holds libc and ld.so; null for that one itself.
      libc,
    }:
    run name { } ''
      PATH=$PATH:${patchelf}/bin
      dpkg-deb -x ${debOf kit package} "$NIX_BUILD_TOP/tree"
      cd "$NIX_BUILD_TOP/tree/usr"
      ${builtins.concatStringsSep "\n" (
        map (pattern: ''
          mkdir -p "$out/${files.${pattern}}"
          cp -P ${pattern} "$out/${files.${pattern}}/"
        '') (builtins.attrNames files)
      )}
      ${
        if libc == null then
          ""
        else
          ''
            rpath=${builtins.concatStringsSep ":" (map (c: "${c}/lib") (needs ++ [ libc ]))}
            find "$out" -type f | while read -r file; do
              [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
              if patchelf --print-interpreter "$file" >/dev/null 2>&1; then
                patchelf --set-interpreter "$(echo ${libc}/lib/ld-linux*.so.*)" "$file"
              fi
              patchelf --set-rpath "$rpath" "$file"
              for library in $(patchelf --print-needed "$file"); do
                found=
                for folder in $(echo "$rpath" | tr : ' ') "$out/lib"; do
                  [ ! -e "$folder/$library" ] || found=1
                done
                [ -n "$found" ] || { echo "${name}: $file needs $library, which is in none of $rpath" >&2; exit 1; }
              done
            done
          ''
      }
    '';
}
