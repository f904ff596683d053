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

  # Likewise, what the service is measured with.
  inputs.bench = {
    url = "path:./bench";
    flake = false;
  };

  # Likewise, the engine for a machine that has none.
  inputs.engine = {
    url = "path:./engine";
    flake = false;
  };

  # Likewise, what another repository's crates are linked with and built by.
  inputs.libraries = {
    url = "path:./libraries";
    flake = false;
  };

  outputs =
    {
      machine,
      tests,
      shell,
      bench,
      engine,
      libraries,
      ...
    }:
    let
      lockOf = folder: builtins.fromJSON (builtins.readFile "${folder}/lock.json");
      merged =
        part:
        builtins.foldl' (all: folder: all // (lockOf folder).${part}) { } [
          machine
          tests
          shell
          bench
          engine
          libraries
        ];
      # A tool's own lock file is beside the lock that names it.
      toolsOf =
        folder:
        builtins.mapAttrs (_: tool: tool // { inherit folder; }) ((lockOf folder).cargoTools or { });
      lock = lockOf machine // {
        kits = merged "kits";
        packages = merged "packages";
        cargoTools = toolsOf tests // toolsOf shell;
        words = (lockOf libraries).words or [ ];
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
