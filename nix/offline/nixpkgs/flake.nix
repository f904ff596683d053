{
  description = "A stand-in for nixpkgs, made from Debian packages: the small part that nix/ uses";

  # What the front door found on this machine; it always overrides this input.
  inputs.machine = {
    url = "path:./machine";
    flake = false;
  };

  outputs =
    { machine, ... }:
    let
      lock = builtins.fromJSON (builtins.readFile "${machine}/lock.json");
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
