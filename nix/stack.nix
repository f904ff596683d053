# The composition root: a crate goes in, packages, images, checks and commands
# come out. Another repository calls this on its own crate.
{
  # nixpkgs for one system.
  pkgs,
  # rust-overlay's `lib.mkRustBin { }`: the toolchains, for a nixpkgs.
  mkRustBin,
  # crane's `mkLib`: its library, for a nixpkgs.
  mkCrane,
  # The crate's folder: Cargo.toml, Cargo.lock, rust-toolchain.toml, src, tests.
  src,
  # The crate's binary, which the image starts.
  name,
  # The TCP port that it serves HTTP/1.1 on.
  port,
  # The path that answers 200 when it can take requests.
  readyPath ? "/readyz",
  # The first part of the images' names.
  repository ? "drydock",
  # What the crates may be, as cargo-deny's configuration: licences, doubles, sources.
  deny ? ../deny.toml,
  # RustSec's advisory database: a folder with `crates` in it, if there is one.
  advisoryDb ? null,
  # The folder that the edge serves below /assets/; what the crate's build finds
  # of it is a manifest named by DRYDOCK_ASSETS: see nix/assets.nix.
  assets ? null,
  # The source revision, for labels and `--version`.
  revision ? "unknown",
  # A TOML file of facts that hold of the crate's image in the place of those in
  # ./checks/facts-app.toml: the budget of a larger one, say.
  facts ? null,
  # The same for the edge's image, ./checks/facts-nginx.toml: what many assets need.
  edgeFacts ? null,
  # Shell commands that change one line of the crate, run in its folder: what such a
  # change ships is checked. This one adds a text to the binary, whatever the crate.
  edit ? "sed -i 's/fn main()[^{]*{/& std::hint::black_box(\"edited\");/' src/main.rs",
  # What such a change may ship: bytes, compressed. It is about what the binary weighs.
  editBytes ? 1100000,
}:
let
  inherit (pkgs) lib;

  # Static, so that the image needs no libc; on Linux nixpkgs' static platform is musl.
  inherit (pkgs) pkgsStatic;
  target = pkgsStatic.stdenv.hostPlatform.rust.rustcTarget;
  toolchainOf =
    pkgs:
    ((mkRustBin pkgs).fromRustupToolchainFile (src + "/rust-toolchain.toml")).override {
      targets = [ target ];
    };
  toolchain = toolchainOf pkgs;
  # For the machine that builds.
  crane = (mkCrane pkgs).overrideToolchain toolchainOf;
  # For the target. It has a compiler and a linker for that, which a crate with C in it needs.
  staticCrane = (mkCrane pkgsStatic).overrideToolchain toolchainOf;
  manifest = (lib.importTOML (src + "/Cargo.toml")).package;

  tools = import ./tools.nix {
    inherit
      crane
      deny
      lib
      pkgs
      staticCrane
      target
      ;
  };
  compiled = import ./assets.nix {
    inherit (pkgs)
      brotli
      esbuild
      jq
      lib
      runCommand
      zstd
      ;
    source = assets;
  };
  nginx = import ./nginx.nix { inherit (pkgs) nginx; };
  nginxConfig =
    arguments:
    import ./nginx-config.nix (
      {
        inherit (pkgs) lib runCommand;
        inherit (tools) keypair;
        inherit nginx;
        # compose.yaml calls the service so, whatever the crate's name.
        upstream = "app:${toString port}";
      }
      // arguments
    );
  pythonFiles =
    name: sums:
    import ./python-files.nix {
      inherit (pkgs)
        fetchPypi
        lib
        runCommand
        stdenv
        ;
      inherit name sums;
      python = pkgs.python314;
    };
  pythonProgram =
    name: sums:
    import ./python-program.nix {
      inherit (pkgs) lib writeShellApplication;
      inherit name;
      files = pythonFiles name sums;
    };
  # What every image says of itself: https://specs.opencontainers.org/image-spec/annotations/
  labels = {
    "org.opencontainers.image.revision" = revision;
    "org.opencontainers.image.version" = manifest.version;
    "dev.drydock.packages" = "nixpkgs ${lib.version}";
  };
  # A crate of this repository that serves whatever the service is.
  ours =
    src:
    import ./app.nix {
      inherit
        crane
        deny
        lib
        src
        staticCrane
        target
        ;
      revision = "unknown";
    };
  asserter = ours ../image-facts;
  # What builds and swaps the crate at each save.
  dev-loop = ours ../dev-loop;
  # What `./drydock bench` measures with.
  bench-driver = ours ../bench/driver;
  engine = import ./engine.nix { inherit lib pkgs; };
  devHost = import ./dev-host.nix {
    inherit (pkgs) lib writeShellApplication;
    inherit (pkgs.stdenv) cc;
    inherit (tools) keypair;
    inherit
      dev-loop
      name
      nginx
      port
      toolchain
      ;
  };
  # An image, if the facts that are stated for it hold.
  hold =
    files: image:
    import ./image-facts.nix {
      inherit (pkgs)
        lib
        libdeflate
        runCommand
        writeText
        ;
      inherit asserter image;
      facts = [ ./checks/facts-every-image.toml ] ++ files;
      values = {
        inherit
          name
          readyPath
          repository
          revision
          target
          ;
        inherit (manifest) license version;
        package = manifest.name;
        port = toString port;
        packages = "nixpkgs ${lib.version}";
      };
    };
  holdRelease = files: hold ([ ./checks/facts-release.toml ] ++ files);
  holdWork = files: hold ([ ./checks/facts-work.toml ] ++ files);
  baseWith =
    labels:
    import ./image-base.nix {
      inherit (pkgs) dockerTools;
      inherit labels repository;
    };
  base = baseWith labels;
  # A revision of the crate says nothing of these, and would make them anew at each commit.
  workBase = baseWith (removeAttrs labels [ "org.opencontainers.image.revision" ]);
  licenses = manifest.license;
  image-base = holdRelease [ ./checks/facts-base.toml ] (base {
    name = "base";
    inherit licenses;
  });
  cratesOf =
    locks:
    import ./vendored-crates.nix {
      inherit crane locks;
      inherit (pkgs) runCommand;
    };
  imageTools = import ./image-tools.nix {
    inherit lib pkgs toolchain;
    crates = cratesOf (map (crate: crate + "/Cargo.lock") (builtins.attrValues crates));
  };
  image-dev = holdWork [ ./checks/facts-dev.toml ] (
    import ./image-dev.nix {
      base = workBase;
      inherit
        imageTools
        lib
        licenses
        ;
      programs = [
        nginx
        tools.keypair
        tools.probe
      ];
      loop = dev-loop;
    }
  );
  image-ci = holdWork [ ./checks/facts-ci.toml ] (
    import ./image-ci.nix {
      base = workBase;
      inherit
        imageTools
        licenses
        pkgs
        ;
      rustFlags = app.devArguments.CARGO_BUILD_RUSTFLAGS;
    }
  );
  # The folders that have a Cargo.lock, by name.
  crates = {
    ${name} = src;
    tools = ../tools;
    probe = ../probe;
    dev-loop = ../dev-loop;
    image-facts = ../image-facts;
  }
  // lib.optionalAttrs (builtins.pathExists (src + "/fuzz")) { fuzz = src + "/fuzz"; }
  // lib.optionalAttrs (builtins.pathExists (src + "/crates/chassis/fuzz")) {
    chassis-fuzz = src + "/crates/chassis/fuzz";
  };
  # All that is made from the crate and from ../nginx, each of which may be edited once
  # more, by shell commands.
  madeWith =
    {
      crateEdit ? "",
      edgeEdit ? "",
    }:
    rec {
      app = import ./app.nix {
        edit = crateEdit;
        inherit
          crane
          deny
          lib
          revision
          src
          staticCrane
          target
          ;
        manifest = if assets == null then null else compiled.manifest;
      };
      image-app = holdRelease ([ ./checks/facts-app.toml ] ++ lib.optional (facts != null) facts) (
        import ./image-app.nix {
          inherit (tools) probe;
          inherit
            app
            base
            lib
            licenses
            name
            port
            readyPath
            ;
        }
      );
      image-nginx =
        holdRelease ([ ./checks/facts-nginx.toml ] ++ lib.optional (edgeFacts != null) edgeFacts)
          (
            import ./image-nginx.nix {
              inherit (tools) keypair probe;
              inherit base lib nginx;
              assets = compiled;
              config = nginxConfig { edit = edgeEdit; };
            }
          );
      image = import ./images.nix {
        inherit (pkgs) dockerTools;
        images = [
          image-app
          image-nginx
        ];
      };
    };
  affected = import ./affected.nix { inherit pkgs; };
  updateReport = import ./update-report.nix { inherit asserter pkgs; };
  seen = import ./seen.nix { inherit pkgs; };
  # The images' last names.
  names = [
    name
    "nginx"
  ];
  publish = import ./publish.nix {
    inherit
      image
      names
      pkgs
      repository
      ;
  };
  made = madeWith { };
  inherit (made)
    app
    image-app
    image-nginx
    image
    ;
  # By what is changed in one line: the layer that may differ then, what may be shipped,
  # and the archive with the change.
  updates = {
    app = {
      layer = "${manifest.name}-*${manifest.version}";
      bytes = editBytes;
      after = (madeWith { crateEdit = edit; }).image;
    };
    nginx = {
      layer = "nginx-config";
      # The configuration, and the assets above it.
      bytes = 22500;
      after =
        (madeWith {
          edgeEdit = "substituteInPlace http/client.conf --replace-fail '65s' '60s'";
        }).image;
    };
  };
  updateCost =
    name: update:
    import ./checks/update-cost.nix (
      update
      // {
        inherit (pkgs) lib runCommand;
        inherit asserter name;
        before = image;
      }
    );
  devShells = import ./dev-shell.nix {
    inherit
      crane
      lib
      nginx
      pkgs
      ;
  };
  packages = {
    assets = compiled;
    inherit
      app
      dev-loop
      nginx
      image-base
      image-dev
      image-ci
      image-app
      image-nginx
      image
      ;
    # The crate's dependencies alone, which the app is built on.
    app-deps = app.dependencies;
    inherit (tools) probe keypair;
  };
in
packages
// {
  apps = import ./commands {
    inherit
      devHost
      engine
      image
      pkgs
      ;
    images = {
      "${repository}/${name}" = image-app;
      "${repository}/nginx" = image-nginx;
    };
    imageDev = image-dev;
    devImage = "${repository}/dev";
    crates = cratesOf [ (src + "/Cargo.lock") ];
    sslyze = pythonProgram "sslyze" ./python/sslyze.sums;
    axeCore = import ./axe-core.nix {
      inherit (pkgs) runCommand;
      files = pythonFiles "axe-core" ./python/axe-core.sums;
    };
    serviceImage = "${repository}/${name}";
    containerTests = import ./container-tests.nix { inherit app lib staticCrane; };
    goss = import ./goss.nix {
      inherit engine pkgs;
      archives = {
        app = image;
        nginx = image;
        dev = image-dev;
        ci = image-ci;
      };
      images = {
        dev = "${repository}/dev";
        ci = "${repository}/ci";
      };
      vars = {
        inherit name readyPath;
        port = toString port;
        rust = (lib.importTOML (src + "/rust-toolchain.toml")).toolchain.channel;
      };
    };
    inherit affected publish;
    bench = import ./bench.nix {
      inherit
        app
        crane
        lib
        nginx
        pkgs
        revision
        target
        toolchain
        ;
      crates = cratesOf [
        (src + "/Cargo.lock")
        ../crates/chassis/fuzz/Cargo.lock
        ../bench/building/grown/Cargo.lock
      ];
      driver = bench-driver;
      gunicorn = pythonProgram "gunicorn" ./python/bench/gunicorn.sums;
    };
    typedTest = import ./typed-test.nix { inherit engine pkgs; };
    affectedTest = import ./affected-test.nix { inherit affected name pkgs; };
    verify = import ./verify.nix {
      inherit asserter image pkgs;
      dependencies = [
        app.dependencies
        tools.keypair.crate.cargoArtifacts
        tools.probe.crate.cargoArtifacts
      ];
      # What a crate is built on in its own workspace is its own, too.
      crates = lib.optional (app.memberTests != { }) app.cargoArtifacts ++ [
        app
        tools.keypair.crate
        tools.probe.crate
      ];
    };
  };
  checks = import ./checks {
    inherit
      advisoryDb
      crane
      engine
      lib
      name
      names
      nginxConfig
      packages
      pkgs
      port
      publish
      readyPath
      seen
      ;
    inherit devShells;
    benchDriver = bench-driver;
    updateText = updateReport.text;
    instructionBudgets =
      if builtins.pathExists (src + "/bench/instructions.toml") then
        (lib.importTOML (src + "/bench/instructions.toml")).budgets
      else
        [ ];
    # An image for CI is nothing to measure in.
    crates = crates // {
      bench-driver = ../bench/driver;
    };
    gixy = pythonProgram "gixy" ./python/gixy.sums;
    # Only those of what is built here: nixpkgs' packages bring tests of their own.
    tests = {
      app = app.tests;
      tools = tools.keypair.tests;
      probe = tools.probe.tests;
      dev-loop = dev-loop.tests;
      image-facts = asserter.tests;
      bench-driver = bench-driver.tests;
      image-app = image-app.tests;
      image-nginx = image-nginx.tests;
      update-cost = builtins.mapAttrs updateCost updates;
    }
    // app.memberTests;
  };
  upkeep = import ./upkeep.nix {
    inherit affected pkgs seen;
    updateReport = updateReport.report;
  };
  inherit devShells;
  formatter = pkgs.nixfmt;
}
