# An index only: every package is a check, and so is every test that rides on one.
{
  lib,
  packages,
  pkgs,
  name,
  port,
  readyPath,
  nginxConfig,
  # The images' last names.
  names,
  # Has bin/drydock-engine.
  engine,
  # Has bin/drydock-publish.
  publish,
  # Has bin/drydock-bench.
  benchDriver,
  # The nginx linter.
  gixy,
  # Has bin/drydock-seen.
  seen,
  # Has bin/drydock-update-text.
  updateText,
  # What the check of advisories reads.
  advisoryDb,
  crane,
  crates,
  # `default` is the shell of `nix develop`.
  devShells,
  # By package: the tests that ride on it.
  tests,
  # What a request to the service may cost; empty where its crate does not say.
  instructionBudgets,
}:
let
  loopback = import ./loopback.nix {
    inherit
      lib
      name
      nginxConfig
      pkgs
      port
      readyPath
      ;
    inherit (packages) app nginx keypair;
  };
in
packages
// lib.concatMapAttrs (package: lib.mapAttrs' (test: lib.nameValuePair "${package}-${test}")) tests
// {
  advisories = import ./advisories.nix {
    inherit
      advisoryDb
      crane
      crates
      lib
      pkgs
      ;
  };
  shell = import ./shell.nix { inherit lib pkgs; };
  compose = import ./compose.nix { inherit lib pkgs; };
  nginx-lint = import ./nginx-lint.nix {
    inherit
      gixy
      lib
      nginxConfig
      pkgs
      ;
    inherit (packages) nginx;
  };
  pairs = import ./pairs.nix {
    inherit lib pkgs;
    inherit (packages) keypair nginx;
  };
  workflows = import ./workflows.nix { inherit lib pkgs; };
  engine = import ./engine.nix { inherit engine pkgs; };
  publish = import ./publish.nix {
    inherit
      lib
      names
      pkgs
      publish
      ;
  };
  speed-page = import ./speed-page.nix {
    inherit lib pkgs;
    driver = benchDriver;
  };
  seen = import ./seen.nix { inherit lib pkgs seen; };
  update-report = import ./update-report.nix {
    inherit lib pkgs;
    text = updateText;
  };
  nix-format = import ./nix-format.nix { inherit lib pkgs; };
  inherit loopback;
  shipped = import ./shipped.nix {
    inherit
      lib
      name
      pkgs
      loopback
      ;
    inherit (packages) app image-app;
  };
  toolchain = import ./toolchain.nix {
    inherit devShells pkgs;
    inherit (packages) app image-app image-nginx;
  };
}
// lib.optionalAttrs (instructionBudgets != [ ]) {
  instructions = import ./instructions.nix {
    inherit lib pkgs;
    inherit (packages) app;
    budgets = instructionBudgets;
    driver = benchDriver;
  };
}
