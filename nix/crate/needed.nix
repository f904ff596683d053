# The libraries and tools that a crate is built with: those that the settings state, and those that
# its crates are known to look for (./needs.toml).
{
  lib,
  pkgs,
  # ./cargo.nix
  crate,
  # The settings of these names: see ../settings/rows.nix.
  libraries,
  tools,
}:
let
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
  # With those that they need in turn.
  withTheirs =
    libraries:
    lib.unique (
      libraries
      ++ builtins.concatMap (library: withTheirs (library.propagatedBuildInputs or [ ])) libraries
    );
in
{
  libraries = libraries pkgs.pkgsStatic ++ needed "libraries" pkgs.pkgsStatic;
  tools = tools pkgs.pkgsStatic.buildPackages ++ needed "tools" pkgs.pkgsStatic.buildPackages;
  inherit withTheirs;
}
