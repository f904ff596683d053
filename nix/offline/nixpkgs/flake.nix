{
  description = "A stand-in for nixpkgs, made from Debian packages: the small part that nix/ uses";

  # What the front door found on this machine; it always overrides this input.
  inputs.machine = {
    url = "path:./machine";
    flake = false;
  };

  # Likewise, what only tests need; the same as the other where nobody has tested yet.
  inputs.tests = {
    url = "path:./tests";
    flake = false;
  };

  # Likewise, what only the shell needs.
  inputs.shell = {
    url = "path:./shell";
    flake = false;
  };

  outputs =
    {
      machine,
      tests,
      shell,
      ...
    }:
    let
      lockOf = folder: builtins.fromJSON (builtins.readFile "${folder}/lock.json");
      # A tool's own lock file is beside the lock that names it.
      toolsOf =
        folder: builtins.mapAttrs (_: tool: tool // { inherit folder; }) (lockOf folder).cargoTools;
      lock = lockOf machine // {
        kits = (lockOf machine).kits // (lockOf tests).kits // (lockOf shell).kits;
        packages = (lockOf machine).packages // (lockOf tests).packages // (lockOf shell).packages;
        cargoTools = toolsOf machine // toolsOf shell;
      };
      lib = import ./lib.nix { inherit (lock) suite; };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        system:
        import ./packages.nix {
          inherit
            lib
            lock
            system
            ;
        }
      );
    };
}
