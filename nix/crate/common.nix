# What every build of a crate has: its dependencies from the lock, its libraries and tools, and how
# cargo is called.
{
  lib,
  pkgs,
  rustFlags,
  src,
  target,
  vendor,
  # ./cargo.nix, ./cargo-config.nix, ./needed.nix
  crate,
  config,
  found,
  features,
  defaultFeatures,
  withoutOthers,
}:
let
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

  variables =
    found.variables
    # No database answers a build; what its queries are is in the sources.
    // lib.optionalAttrs (builtins.any (path: builtins.pathExists (src + path)) [
      "/.sqlx"
      "/sqlx-data.json"
      "${crate.folder}/.sqlx"
      "${crate.folder}/sqlx-data.json"
    ]) { SQLX_OFFLINE = "true"; };
  # Once for all that is built of it: by itself, crane evaluates each crate of the lock anew for
  # each derivation.
  cargoVendorDir = vendor [ (src + "/Cargo.lock") ];
  # To the last line.
  kept = ''
    exec 2>&5 5>&-
    wait "$tee" || :
    tee=
  '';
  arguments =
    config.variables
    // variables
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
in
{
  inherit
    arguments
    build
    cargoVendorDir
    selected
    test
    variables
    ;
}
