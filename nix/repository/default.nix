# The composition root of what is only this repository's: the checks of Drydock itself, its
# benchmarks, what keeps it. Everything that is made from a crate is the scope of ../stack.nix.
{
  # ../stack.nix of the reference service.
  stack,
}:
let
  inherit (stack) pkgs;
  call = import ../call.nix (pkgs // stack // scope);

  pythonFiles =
    name: sums:
    call ./python-files.nix {
      inherit name sums;
      python = pkgs.python314;
    };
  pythonProgram =
    name: sums:
    call ./python-program.nix {
      inherit name;
      files = pythonFiles name sums;
    };

  scope = {
    inherit call;

    axeCore = call ./axe-core.nix { files = pythonFiles "axe-core" ./python/axe-core.sums; };
    gixy = pythonProgram "gixy" ./python/gixy.sums;
    gunicorn = pythonProgram "gunicorn" ./python/bench/gunicorn.sums;
    sslyze = pythonProgram "sslyze" ./python/sslyze.sums;

    # What `./drydock bench` measures with, and the crates of what it measures.
    benchDriver = stack.workshop.bench;
    benchCrates = stack.cratesOf [
      (stack.src + "/Cargo.lock")
      ../../crates/chassis/fuzz/Cargo.lock
      ../../bench/building/grown/Cargo.lock
    ];

    containerTests = stack.workshop.stack-tests;
    affected = call ./commands/affected.nix { };
    seen = call ./commands/seen.nix { };
    # Has bin/drydock-update-text.
    updateText = call ./update-text.nix { };
    inherit outputs;
  };

  # As the flake has them.
  outputs = {
    inherit (stack) devShells formatter packages;
    apps = stack.apps // call ./commands { };
    checks = stack.checks // call ./checks { };
  };
in
outputs
