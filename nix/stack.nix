# The composition root: a crate goes in, packages, images, checks and commands
# come out. Another repository calls this on its own crate.
{
  # nixpkgs for one system.
  pkgs,
  # rust-overlay's `lib.mkRustBin { } pkgs`: where toolchains come from.
  rustBin,
  # crane's `mkLib pkgs`.
  craneLib,
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
  # The source revision, for labels and `--version`.
  revision ? "unknown",
}:
let
  inherit (pkgs) lib;

  # Static, so that the image needs no libc; on Linux nixpkgs' static platform is musl.
  target = pkgs.pkgsStatic.stdenv.hostPlatform.rust.rustcTarget;
  toolchain = (rustBin.fromRustupToolchainFile (src + "/rust-toolchain.toml")).override {
    targets = [ target ];
  };
  crane = craneLib.overrideToolchain toolchain;
  manifest = (lib.importTOML (src + "/Cargo.toml")).package;

  tools = import ./tools.nix {
    inherit
      crane
      lib
      pkgs
      target
      ;
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
  app = import ./app.nix {
    inherit
      crane
      lib
      revision
      src
      target
      ;
  };
  # What every image says of itself: https://specs.opencontainers.org/image-spec/annotations/
  labels = {
    "org.opencontainers.image.revision" = revision;
    "org.opencontainers.image.version" = manifest.version;
    "dev.drydock.packages" = "nixpkgs ${lib.version}";
  };
  asserter = import ./app.nix {
    inherit crane lib target;
    src = ../image-facts;
    revision = "unknown";
  };
  # Each image, held to the facts that are stated for it.
  facts =
    image: file:
    import ./image-facts.nix {
      inherit (pkgs) lib runCommand writeText;
      inherit asserter image;
      facts = [
        ./checks/facts-every-image.toml
        file
      ];
      values = {
        inherit
          name
          readyPath
          repository
          revision
          ;
        inherit (manifest) license version;
        package = manifest.name;
        port = toString port;
        packages = "nixpkgs ${lib.version}";
      };
    };
  image-app = import ./image-app.nix {
    inherit (pkgs) dockerTools;
    inherit (tools) probe;
    inherit
      app
      labels
      lib
      name
      port
      readyPath
      repository
      ;
    licenses = manifest.license;
  };
  image-nginx = import ./image-nginx.nix {
    inherit (pkgs) dockerTools;
    inherit (tools) keypair;
    inherit
      labels
      lib
      nginx
      repository
      ;
    config = nginxConfig { };
  };
  image = import ./images.nix {
    inherit (pkgs) dockerTools;
    images = [
      image-app
      image-nginx
    ];
  };
  packages = {
    inherit
      app
      nginx
      image-app
      image-nginx
      image
      ;
    inherit (tools) probe keypair;
  };
in
packages
// {
  apps = import ./commands.nix {
    inherit pkgs image;
    containerTests = import ./container-tests.nix { inherit app crane lib; };
  };
  checks = import ./checks {
    inherit
      lib
      name
      nginxConfig
      packages
      pkgs
      port
      readyPath
      ;
    # Only those of what is built here: nixpkgs' packages bring tests of their own.
    tests = {
      app = app.tests;
      tools = tools.keypair.tests;
      image-facts = asserter.tests;
      image-app.facts = facts image-app ./checks/facts-app.toml;
      image-nginx.facts = facts image-nginx ./checks/facts-nginx.toml;
    };
  };
  devShell = import ./dev-shell.nix { inherit crane nginx pkgs; };
  formatter = pkgs.nixfmt;
}
