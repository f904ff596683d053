# For builds on the working tree: cargo's arguments, tools, and variables.
{
  lib,
  pkgs,
  # ./vendor.nix
  chassisFrom,
  # ./common.nix, ./cargo-config.nix, ./cargo.nix, ./needed.nix
  common,
  config,
  crate,
  found,
}:
{
  arguments = [ "--package=${crate.package}" ] ++ common.selected;
  # More of them, where cargo has crates of its own.
  hostArguments = lib.optional (
    crate.chassis.source or null != null
  ) "--config=${chassisFrom crate.chassis.source}";
  tools =
    found.tools
    ++ lib.optional (found.libraries != [ ]) pkgs.pkgsStatic.buildPackages.pkg-config-unwrapped;
  variables =
    common.variables
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
        inherit (common.arguments) RUSTFLAGS;
      }
    );
}
