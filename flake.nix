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
      drydock = import ./nix/service.nix {
        inherit
          advisory-db
          crane
          nixpkgs
          rust-overlay
          ;
      };
    in
    # The reference service, and what is this repository's own.
    drydock.outputsOf (
      inputs:
      let
        repository = import ./nix/repository {
          revision = self.rev or self.dirtyRev or "unknown";
        } inputs;
      in
      repository
      // {
        checks = repository.checks // {
          stand-ins = import ./offline/offered.nix { inherit (inputs.pkgs) runCommand; };
        };
      }
    )
    // {
      # For another repository: see docs/ADOPT.md.
      lib = { inherit (drydock) service; };
      templates.default = {
        path = ./examples/flake;
        description = "the flake for a crate that is there";
      };
      templates.service = {
        path = ./examples/hello;
        description = "a service on the chassis, with a test, a page and the flake";
      };
    };
}
