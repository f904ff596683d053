# Which libraries a program is given for the crates that it is built on: ../../crate/needed.nix.
{
  lib,
  pkgs,
  vendor,
}:
let
  crateOf =
    package:
    import ../../crate/cargo.nix {
      inherit lib package;
      src = ../../../examples/pair;
    };
  neededBy = neededBeside (_: [ ]);
  neededBeside =
    libraries: crate:
    import ../../crate/needed.nix {
      inherit libraries;
      inherit vendor;
      # It has cases of what is warned of.
      lib = lib // {
        warn = _: value: value;
      };
      crate = {
        package = "web";
        besides = { };
      }
      // crate;
      tools = _: [ ];
      pkgs.pkgsStatic = packages // {
        buildPackages = { };
      };
    };
  packages = lib.genAttrs [ "libpq" "openssl" "sqlite" ] (pname: {
    inherit pname;
  });
  inherit (packages) libpq openssl sqlite;
  librariesOf = crate: (neededBy crate).libraries;
  wrong =
    lib.optional ((crateOf "web").besides ? web || !(crateOf "web").besides ? actix-web) "besides"
    ++ lib.optional (
      (neededBy { dependencies.cmake = [ ]; }).variables == { }
      || (neededBy { dependencies.cc = [ ]; }).variables != { }
      || !(neededBy { dependencies.pq-sys = [ ]; }).variables ? PQ_LIB_DIR
      || (neededBy { dependencies.pq-sys = [ "pq-src" ]; }).variables != { }
    ) "variables"
    # What is stated counts where Cargo.lock does not say it, and what libpq needs comes with it.
    ++ lib.optional (
      (neededBeside (pkgs: [ pkgs.libpq ]) {
        dependencies.pq-sys = [ ];
        besides.pq-sys = [ ];
      }).libraries != [
        libpq
        openssl
      ]
    ) "what libpq needs"
    ++ map (case: case.says) (
      builtins.filter (case: librariesOf case.crate != case.gives) [
        {
          says = "a crate alone";
          crate.dependencies.pq-sys = [ ];
          gives = [
            libpq
            openssl
          ];
        }
        {
          says = "one that brings its library along";
          crate.dependencies.libsqlite3-sys = [ "cc" ];
          gives = [ ];
        }
        {
          says = "another package has nothing to do with it";
          crate.dependencies.pq-sys = [ ];
          crate.besides.clap = [ ];
          gives = [
            libpq
            openssl
          ];
        }
        {
          says = "another package may be the one that needs it";
          crate.dependencies.pq-sys = [ ];
          crate.besides.pq-sys = [ ];
          gives = [ ];
        }
        {
          says = "another package may be the one that brings it along";
          crate.dependencies.libsqlite3-sys = [ "cc" ];
          crate.besides.libsqlite3-sys = [ "cc" ];
          gives = [ sqlite ];
        }
      ]
    );
in
if wrong == [ ] then
  # It has what it would download.
  pkgs.runCommand "needed" { nativeBuildInputs = [ pkgs.python314 ]; } ''
    python3 -m zipfile --list ${
      import ../../crate/swagger-ui.nix { inherit pkgs vendor; }
    } | grep --quiet '^swagger-ui-[0-9.]*/dist/index.html '
    touch "$out"
  ''
else
  throw "needed: nix/crate/needed.nix gives other libraries than it should: ${builtins.concatStringsSep "; " wrong}"
