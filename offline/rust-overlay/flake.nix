{
  description = "A stand-in for rust-overlay: the machine's own toolchain, patched to run from the store";

  inputs.nixpkgs.url = "path:../nixpkgs";
  inputs.machine = {
    url = "path:./machine";
    flake = false;
  };

  outputs =
    { machine, ... }:
    let
      lock = (builtins.fromJSON (builtins.readFile "${machine}/lock.json")).rust;
    in
    {
      lib.mkRustBin =
        { }:
        pkgs:
        let
          inherit (pkgs) lib;
          withTargets =
            {
              targets ? [ ],
              extensions ? [ ],
            }:
            let
              missing = builtins.filter (target: !builtins.elem target lock.targets) targets;
            in
            if missing != [ ] then
              throw "the machine's Rust toolchain has no target ${toString missing}"
            else
              pkgs.rustc;
        in
        {
          fromRustupToolchainFile =
            path:
            let
              wanted = (lib.importTOML path).toolchain.channel;
            in
            if wanted != lock.version then
              throw "${toString path} asks for Rust ${wanted}; the machine's is ${lock.version}"
            else
              pkgs.rustc // { override = withTargets; };
        };
    };
}
