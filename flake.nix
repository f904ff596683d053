{
  description = "A Rust web service and the nginx in front of it, as small reproducible images";

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
      self,
      nixpkgs,
      crane,
      rust-overlay,
      advisory-db,
    }:
    let
      linux = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      darwin = [
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      inputsOn = system: {
        pkgs = nixpkgs.legacyPackages.${system};
        mkRustBin = rust-overlay.lib.mkRustBin { };
        mkCrane = crane.mkLib;
      };
      stackWith =
        inputs:
        import ./nix/stack.nix (
          {
            advisoryDb = advisory-db;
            src = ./.;
            name = "app";
            port = 8000;
            edit = ''substituteInPlace src/routes.rs --replace-fail "It's easier" "It is easier"'';
            assets = ./assets;
            revision = self.rev or self.dirtyRev or "unknown";
          }
          // inputs
        );
      stackOn = system: stackWith (inputsOn system);
      forEach = systems: output: nixpkgs.lib.genAttrs systems (system: output (stackOn system));
    in
    {
      packages = forEach linux (stack: {
        inherit (stack)
          app
          app-deps
          nginx
          image-base
          image-dev
          image-ci
          image-app
          image-nginx
          image
          ;
        default = stack.image;
      });
      apps = forEach linux (stack: stack.apps // stack.upkeep // { default = stack.apps.up; });
      checks = nixpkgs.lib.genAttrs linux (
        system:
        (stackOn system).checks
        // import ./nix/inputs {
          inherit stackWith;
          inputs = inputsOn system;
        }
        // {
          stand-ins = import ./nix/offline/offered.nix { inherit ((inputsOn system).pkgs) runCommand; };
        }
      );
      devShells = forEach (linux ++ darwin) (stack: stack.devShells);
      formatter = forEach linux (stack: stack.formatter);

      # For another repository: nix/stack.nix with its own `src`, `name` and `port`.
      lib.stack = import ./nix/stack.nix;
    };
}
