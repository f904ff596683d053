# The programs of ../../crates/workshop, which do not ship, by the members' names; each is built from
# its own member alone. What all of them depend on is built once. Those that everybody waits for who
# makes an image, or begins to edit, come first, so that these wait for no tests' crates: what they
# depend on goes on to the others.
{
  # For the machine that builds, and for the target.
  crane,
  staticCrane,
  lib,
  rustFlags,
  target,
  # ./vendor.nix
  vendor,
}:
let
  root = ../../crates/workshop;
  cargoVendorDir = vendor [ (root + "/Cargo.lock") ];
  inherit (lib.importTOML (root + "/Cargo.toml")) workspace;
  sourceOf =
    files:
    lib.fileset.toSource {
      inherit root;
      fileset = lib.fileset.unions (
        map (file: root + "/${file}") (
          [
            "Cargo.toml"
            "Cargo.lock"
          ]
          ++ map (member: "${member}/Cargo.toml") workspace.members
          ++ files
        )
      );
    };
  common = {
    pname = "workshop";
    inherit (workspace.package) version;
    inherit cargoVendorDir;
    strictDeps = true;
    CARGO_BUILD_TARGET = target;
    CARGO_BUILD_RUSTFLAGS = rustFlags;
    # Programs and tests share one profile, and so one build of what they depend on.
    CARGO_PROFILE = "dev";
    # A panic says where it was without it, and a build takes a quarter less.
    CARGO_PROFILE_DEV_DEBUG = "false";
  };
  whole = common // {
    src = sourceOf workspace.members;
  };
  cargoArtifacts = staticCrane.buildDepsOnly (whole // after dependencies.dev-loop);
  tests = whole // {
    inherit cargoArtifacts;
    doInstallCargoArtifacts = false;
  };
  # The members that one depends on.
  besides =
    name:
    builtins.filter (member: member != null) (
      lib.mapAttrsToList (_: dependency: if dependency ? path then baseNameOf dependency.path else null)
        (lib.importTOML (root + "/${name}/Cargo.toml")).dependencies
    );
  # https://crane.dev/API.html#inheritcargoartifactshook
  after = artifacts: { preConfigure = "inheritCargoArtifacts ${artifacts}"; };
  dependencies = {
    image-facts = dependenciesOf "image-facts" { };
    dev-loop = dependenciesOf "dev-loop" (after dependencies.image-facts);
    sbom = dependenciesOf "sbom" (after dependencies.image-facts);
  };
  dependenciesOf =
    name: first:
    staticCrane.buildDepsOnly (
      whole
      // first
      // {
        pname = name;
        buildPhaseCargoCommand = "cargoWithProfile build --locked --package ${name} --bins";
        doCheck = false;
      }
    );
  # The first of the programs is the main one.
  member = memberOn cargoArtifacts "";
  memberOf = name: memberOn dependencies.${name} "--package ${name} " name;
  memberOn =
    cargoArtifacts: selected: name: programs:
    staticCrane.buildPackage (
      common
      // {
        pname = name;
        # Without its tests, an edit of which would else build anew what is made with it.
        src = sourceOf (
          builtins.filter (file: builtins.pathExists (root + "/${file}")) (
            builtins.concatMap (member: [
              "${member}/src"
              "${member}/templates"
            ]) ([ name ] ++ besides name)
          )
        );
        # Cargo wants all members to be there. And as the same ones are chosen, what they depend on
        # has the features that it was built with.
        postPatch = lib.concatMapStringsSep "\n" (other: ''
          mkdir -p ${other}/src
          [ -e ${other}/src/main.rs ] || echo 'fn main() {}' > ${other}/src/main.rs
        '') workspace.members;
        inherit cargoArtifacts;
        cargoExtraArgs = "--locked ${selected}${
          lib.concatMapStringsSep " " (program: "--bin ${program}") programs
        }";
        doCheck = false;
        meta.mainProgram = builtins.head programs;
      }
    );
in
{
  bench = member "bench" [ "drydock-bench" ];
  dev-loop = memberOf "dev-loop" [ "dev-loop" ];
  image-facts = memberOf "image-facts" [
    "image-facts"
    "doctor"
    "image-compare"
    "oci-layout"
  ];
  sbom = memberOf "sbom" [ "sbom" ];
  stack-tests = member "stack-tests" [ "stack-tests" ];
  tests = {
    clippy = staticCrane.cargoClippy (
      tests // { cargoClippyExtraArgs = "--all-targets -- --deny warnings"; }
    );
    test = staticCrane.cargoTest tests;
    doc = staticCrane.cargoDoc (tests // { RUSTDOCFLAGS = "--deny warnings"; });
    format = crane.cargoFmt { inherit (whole) pname src version; };
    deny = crane.cargoDeny {
      inherit (whole) cargoVendorDir pname version;
      src = sourceOf (workspace.members ++ [ "deny.toml" ]);
    };
  };
}
