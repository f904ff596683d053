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

  outputs =
    { machine, tests, ... }:
    let
      lockOf = folder: builtins.fromJSON (builtins.readFile "${folder}/lock.json");
      lock = lockOf machine // {
        kits = (lockOf machine).kits // (lockOf tests).kits;
        packages = (lockOf machine).packages // (lockOf tests).packages;
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
            machine
            system
            ;
        }
      );
    };
}
