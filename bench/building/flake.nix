# In the place of ../../flake.nix, in a copy of this repository: the images of the same
# service made plainly by dockerTools, and of a crate of any size by ../../nix/stack.nix.
{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    crane.url = "github:ipetkov/crane";
    rust-overlay.url = "github:oxalica/rust-overlay";
    rust-overlay.inputs.nixpkgs.follows = "nixpkgs";
    advisory-db.url = "github:rustsec/advisory-db";
    advisory-db.flake = false;
  };

  outputs =
    {
      nixpkgs,
      crane,
      rust-overlay,
      ...
    }:
    let
      inherit (nixpkgs) lib;
      outputsOn =
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
          stack =
            settings:
            import ./nix/stack.nix {
              inherit pkgs;
              mkRustBin = rust-overlay.lib.mkRustBin { };
              mkCrane = crane.mkLib;
              settings = {
                files = [ ];
                port = 8000;
                ready = "/readyz";
                repository = "drydock-bench";
              }
              // settings;
            };
          service = stack {
            src = ./.;
            assets = ./assets;
          };
          # Each builder is given what its documentation begins with.
          plain =
            way: make:
            lib.mapAttrs' (image: config: lib.nameValuePair "${way}-${image}" (make (way + "-" + image) config))
              {
                app = {
                  Entrypoint = [ (lib.getExe' service.app "app") ];
                  User = "10001:10001";
                };
                nginx.Entrypoint = [
                  (lib.getExe service.nginx)
                  "-c"
                  "${./nginx}/nginx.conf"
                ];
              };
          named = name: config: {
            name = "drydock-bench/${name}";
            tag = "latest";
            # By which what is left of them in the engine is found.
            config = config // {
              Labels."dev.drydock.bench" = "";
            };
          };
          grown =
            n:
            stack {
              src = ./grown;
              name = "grown";
              repository = "drydock-bench/${toString n}";
              assets = if builtins.pathExists ./grown/assets then ./grown/assets else null;
              edgeFacts = ./bench/building/budget.toml;
            };
          images = n: pkgs.dockerTools.mergeImages (builtins.genList (i: (grown (i + 1)).image-app) n);
        in
        plain "build-image" (name: config: pkgs.dockerTools.buildImage (named name config))
        // plain "build-layered-image" (
          name: config: pkgs.dockerTools.buildLayeredImage (named name config)
        )
        // plain "stream-layered-image" (
          name: config: pkgs.dockerTools.streamLayeredImage (named name config)
        )
        // {
          inherit (service) app nginx;
          grown-app = (grown 1).image-app;
          grown-nginx = (grown 1).image-nginx;
          grown-images-1 = images 1;
          grown-images-5 = images 5;
          grown-images-20 = images 20;
        };
    in
    {
      packages = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
      ] outputsOn;
    };
}
