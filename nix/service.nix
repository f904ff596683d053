# The public function: the settings of a service go in, and the outputs of its flake come out,
# for all systems. Its package set, crane and toolchains are Drydock's own inputs, so that a
# flake that calls it has no other input.
{
  nixpkgs,
  crane,
  rust-overlay,
  advisory-db,
}:
let
  inherit (nixpkgs) lib;
  linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];
  darwin = [
    "x86_64-darwin"
    "aarch64-darwin"
  ];
in
rec {
  # What ./stack.nix takes, for one system.
  inputsOn = system: {
    pkgs = nixpkgs.legacyPackages.${system};
    mkRustBin = rust-overlay.lib.mkRustBin { };
    mkCrane = crane.mkLib;
    advisoryDb = advisory-db;
  };

  # Of `{ packages, apps, checks, devShells, formatter }` for one system, made from that: a flake's
  # outputs.
  outputsOf =
    on:
    let
      # Each system once, whichever of its outputs are asked for.
      made = lib.genAttrs (linux ++ darwin) (system: on (inputsOn system));
      each = systems: name: lib.genAttrs systems (system: made.${system}.${name});
      withDefault = name: builtins.mapAttrs (_: those: those // { default = those.${name}; });
    in
    {
      packages = withDefault "image" (each linux "packages");
      apps = withDefault "up" (each linux "apps");
      checks = each linux "checks";
      devShells = each (linux ++ darwin) "devShells";
      formatter = each linux "formatter";
    };

  # For another repository: its settings, which ./settings/rows.nix lists.
  service =
    settings:
    let
      # What is wrong with them is said before anything else is looked at; but `self` is not
      # there before the outputs are.
      given =
        if builtins.isAttrs settings && settings ? src then settings // { src = "/"; } else settings;
      checked = (import ./settings/check.nix { inherit lib; }).check given;
    in
    builtins.seq checked (outputsOf (inputs: import ./stack.nix (inputs // { inherit settings; })));
}
