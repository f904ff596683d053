# How crates are built, and those that a stack has beside the service.
scope:
let
  inherit (scope)
    call
    lib
    pkgs
    settings
    src
    ;
  inherit (pkgs) pkgsStatic;
  defaultToolchain = ../../rust-toolchain.toml;
  # The crate's own, if it has one.
  toolchainFile = lib.findFirst builtins.pathExists defaultToolchain [
    (src + "/rust-toolchain.toml")
    (src + "/rust-toolchain")
  ];
  toolchainOf =
    file:
    import ./toolchain.nix {
      inherit file lib;
      inherit (scope) mkRustBin target;
    };
  cranesOf = file: {
    # For the machine that builds.
    crane = (scope.mkCrane pkgs).overrideToolchain (toolchainOf file);
    # For the target. It has a compiler and a linker for that, which a crate with C in it needs.
    staticCrane = (scope.mkCrane pkgsStatic).overrideToolchain (toolchainOf file);
  };
  # For the programs that come along, whatever the crate's own toolchain is.
  cranes = cranesOf defaultToolchain;
in
{
  # What its manifests say: see ./cargo.nix.
  crate = import ./cargo.nix {
    inherit lib src;
    inherit (settings) name package;
  };
  # Whether it is a service on the chassis, which has variables of its own.
  onChassis = scope.crate.chassis != null;
  # The binary, which the image starts.
  name = scope.crate.program;
  # An SPDX expression, or null where the crate states none.
  licenses = scope.crate.license;
  # Static, so that the image needs no libc; on Linux nixpkgs' static platform is musl.
  target = pkgsStatic.stdenv.hostPlatform.rust.rustcTarget;
  # Where a program holds addresses of its own is said in 2 kB instead of 97, 4 % of its size.
  rustFlags = "-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs";
  toolchain = toolchainOf toolchainFile pkgs;
  inherit (cranesOf toolchainFile) crane staticCrane;

  # The folders that have a Cargo.lock, by name.
  locked = {
    ${scope.name} = src;
  }
  // lib.optionalAttrs (settings.strict && builtins.pathExists (src + "/fuzz")) {
    fuzz = src + "/fuzz";
  }
  // scope.otherCrates;
  # Of lock files: the crates in them, and cargo's settings for those, as one store path.
  inherit (call ./vendor.nix { }) chassisFrom vendor;
  cratesOf = locks: call ./vendored-crates.nix { inherit locks; };
  crates = scope.cratesOf [ (src + "/Cargo.lock") ];

  # cargo-deny's configuration, if there is one.
  deny =
    if settings.deny != null then
      settings.deny
    else if builtins.pathExists (src + "/deny.toml") then
      src + "/deny.toml"
    else
      null;
  # The service, after shell commands have changed its sources once more.
  appWith =
    edit:
    call ./build.nix {
      inherit edit;
      inherit (scope) deny;
      inherit (settings)
        defaultFeatures
        features
        libraries
        name
        package
        sources
        stop
        strict
        testSources
        tools
        ;
      manifest = if settings.assets == null then null else scope.assets.manifest;
    };
  app =
    let
      inherit (scope) crate;
      is = (builtins.parseDrvName scope.toolchain.name).version;
    in
    if crate.rust != null && builtins.compareVersions crate.rust is > 0 then
      throw "drydock: the package ${crate.package} wants Rust ${crate.rust} at least (rust-version), and the toolchain is ${is}, as ${
        if toolchainFile == defaultToolchain then "Drydock's" else "its own"
      } rust-toolchain.toml says; one beside Cargo.toml may say another, which comes with the pinned inputs"
    else
      scope.appWith "";
  # Crates of Drydock's own, which serve whatever the service is.
  carried = call ./carried.nix cranes;
  inherit (scope.carried)
    acme
    keypair
    launch
    probe
    ;
  workshop = call ./workshop.nix cranes;
  # Has bin/image-facts, bin/doctor, bin/image-compare and bin/oci-layout.
  asserter = scope.workshop.image-facts;
  # Has bin/sbom.
  sbomTool = scope.workshop.sbom;
  # What builds and swaps the crate at each save.
  inherit (scope.workshop) dev-loop;
}
