# How crates are built, and those that a stack has beside the service.
scope:
let
  inherit (scope)
    call
    lib
    name
    pkgs
    src
    ;
  inherit (pkgs) pkgsStatic;
in
{
  manifest = (lib.importTOML (src + "/Cargo.toml")).package;
  licenses = scope.manifest.license;
  # Static, so that the image needs no libc; on Linux nixpkgs' static platform is musl.
  target = pkgsStatic.stdenv.hostPlatform.rust.rustcTarget;
  # Where a program holds addresses of its own is said in 2 kB instead of 97, 4 % of its size.
  rustFlags = "-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs";
  toolchainOf =
    pkgs:
    ((scope.mkRustBin pkgs).fromRustupToolchainFile (src + "/rust-toolchain.toml")).override {
      targets = [ scope.target ];
    };
  toolchain = scope.toolchainOf pkgs;
  # For the machine that builds.
  crane = (scope.mkCrane pkgs).overrideToolchain scope.toolchainOf;
  # For the target. It has a compiler and a linker for that, which a crate with C in it needs.
  staticCrane = (scope.mkCrane pkgsStatic).overrideToolchain scope.toolchainOf;

  # The folders that have a Cargo.lock, by name.
  locked = {
    ${name} = src;
  }
  // lib.optionalAttrs (builtins.pathExists (src + "/fuzz")) { fuzz = src + "/fuzz"; }
  // scope.otherCrates;
  # Of lock files: the crates in them, and cargo's settings for those, as one store path.
  cratesOf = locks: call ./vendored-crates.nix { inherit locks; };
  crates = scope.cratesOf [ (src + "/Cargo.lock") ];

  # The service, after shell commands have changed its sources once more.
  appWith =
    edit:
    call ./build.nix {
      inherit edit;
      manifest = if scope.assetsFolder == null then null else scope.assets.manifest;
    };
  app = scope.appWith "";
  # Crates of Drydock's own, which serve whatever the service is.
  carried = call ./carried.nix { };
  inherit (scope.carried) keypair probe;
  workshop = call ./workshop.nix { };
  # Has bin/image-facts, bin/doctor and bin/image-compare.
  asserter = scope.workshop.image-facts;
  # What builds and swaps the crate at each save.
  inherit (scope.workshop) dev-loop;
}
