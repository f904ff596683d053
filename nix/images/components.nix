# What the packages in an image are, by their paths there: what its SBOM says of them besides what
# the archive and the programs say themselves (../../crates/workshop/sbom/src/stated.rs).
{
  lib,
  # ../crate/vendor.nix
  vendor,
}:
let
  part = name: version: license: {
    inherit name version license;
    purl = "pkg:generic/${name}@${version}";
  };
  # A licence as nixpkgs has it: https://nixos.org/manual/nixpkgs/stable/#sec-standard-meta-attributes
  licenseOf =
    meta:
    let
      names = map (license: license.spdxId or null) (lib.toList (meta.license or [ ]));
    in
    if names == [ ] || builtins.elem null names then null else builtins.concatStringsSep " AND " names;
  # What nixpkgs says of a package.
  stated =
    package:
    let
      parsed = builtins.parseDrvName package.name;
      name = package.pname or parsed.name;
      version = package.version or parsed.version;
    in
    {
      inherit name version;
      purl = package.meta.identifiers.purl or "pkg:nix/${name}@${version}";
      license = licenseOf package.meta or { };
      patches = map (patch: baseNameOf (patch.name or patch)) (
        builtins.filter (patch: patch != null) (lib.toList (package.patches or [ ]))
      );
    };
  # Only what it is called: what is not in the image is not built for its SBOM.
  pathOf = builtins.unsafeDiscardStringContext;
  # Of packages, and of all that they are linked with.
  fromPackages =
    packages:
    let
      all = builtins.genericClosure {
        startSet = map keyed packages;
        operator =
          { package, ... }:
          map keyed (
            builtins.filter (input: input ? outPath) (
              package.buildInputs or [ ]
              ++ package.propagatedBuildInputs or [ ]
              ++ lib.optional (package ? stdenv.cc.libc) package.stdenv.cc.libc
            )
          );
      };
      keyed = package: {
        key = pathOf package.outPath;
        inherit package;
      };
    in
    builtins.listToAttrs (
      builtins.concatMap (
        { package, ... }:
        map (
          output: lib.nameValuePair (pathOf package.${output}.outPath or package.outPath) (stated package)
        ) (package.outputs or [ "out" ])
      ) all
    );
  # What a program of crates is, and what it was compiled of.
  fromCrate =
    # What build.nix gives, and the path of what the image has of it.
    { built, path }:
    let
      inherit (built) crate;
    in
    {
      parts.${pathOf path} = part crate.package crate.version crate.license // {
        purl = "pkg:cargo/${crate.package}@${crate.version}";
      };
      programs.${pathOf path} = {
        lock = "${builtins.path {
          name = "Cargo.lock";
          path = built.src + "/Cargo.lock";
        }}";
        crates = "${vendor [ (built.src + "/Cargo.lock") ]}";
        local = builtins.listToAttrs (
          map (package: {
            inherit (package) name;
            value = {
              folder = "${builtins.path {
                inherit (package) name;
                path = built.src + package.folder;
              }}";
              inherit (package) license;
            };
          }) crate.local
        );
        linked = map stated (built.linked);
      };
    };
  componentsOf =
    {
      # What files are of that no other is.
      image,
      # Crates: see `fromCrate`.
      crates ? [ ],
      # Packages of nixpkgs.
      packages ? [ ],
      # Others, by their paths.
      others ? { },
    }:
    let
      of = map fromCrate crates;
    in
    {
      inherit image;
      parts = builtins.foldl' (all: one: all // one.parts) (fromPackages packages // others) of;
      programs = builtins.foldl' (all: one: all // one.programs) { } of;
    };
in
{
  inherit componentsOf part stated;
}
