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
      # The reference service, and what is this repository's own.
      repositoryWith =
        inputs:
        import ./nix/repository {
          stack = import ./nix/stack.nix (
            {
              advisoryDb = advisory-db;
              src = ./.;
              name = "app";
              port = 8000;
              edit = ''substituteInPlace src/routes.rs --replace-fail "It's easier" "It is easier"'';
              assets = ./assets;
              revision = self.rev or self.dirtyRev or "unknown";
              otherCrates = {
                chassis-fuzz = ./crates/chassis/fuzz;
                keypair = ./crates/keypair;
                probe = ./crates/probe;
                workshop = ./crates/workshop;
              };
            }
            // inputs
          );
        };
      repositoryOn = system: repositoryWith (inputsOn system);
      forEach = systems: output: nixpkgs.lib.genAttrs systems (system: output (repositoryOn system));
    in
    {
      packages = forEach linux (
        repository: repository.packages // { default = repository.packages.image; }
      );
      apps = forEach linux (repository: repository.apps // { default = repository.apps.up; });
      checks = nixpkgs.lib.genAttrs linux (
        system:
        (repositoryOn system).checks
        // import ./nix/repository/inputs {
          stackWith = repositoryWith;
          inputs = inputsOn system;
        }
        // {
          stand-ins = import ./offline/offered.nix { inherit ((inputsOn system).pkgs) runCommand; };
        }
      );
      devShells = forEach (linux ++ darwin) (repository: repository.devShells);
      formatter = forEach linux (repository: repository.formatter);

      # For another repository: nix/stack.nix with its own `src`, `name` and `port`.
      lib.stack = import ./nix/stack.nix;
    };
}
