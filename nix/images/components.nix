# What the packages in an image are, by their paths there: what its SBOM says of them besides what
# the archive and the programs say themselves (../../crates/workshop/sbom/src/stated.rs).
{
  lib,
  pkgs,
  # ../crate/vendor.nix
  vendor,
}:
let
  part = name: version: license: {
    inherit name version license;
    purl = "pkg:generic/${name}@${version}";
  };
  # A licence as nixpkgs has it (https://nixos.org/manual/nixpkgs/stable/#sec-standard-meta-attributes,
  # lib/licenses), or all those of a list, as an SPDX expression; null where a part of it has no name.
  licenseOf =
    license:
    let
      join =
        operator: parts:
        let
          expressions = map licenseOf parts;
          within =
            expression: if builtins.match "[^ ]+" expression != null then expression else "(${expression})";
        in
        if expressions == [ ] || builtins.elem null expressions then
          null
        else
          lib.concatMapStringsSep " ${operator} " within expressions;
    in
    if builtins.isList license then
      join "AND" license
    else
      {
        compound = join license.operator license.licenses;
        exception = join license.operator [
          license.license
          license.exception
        ];
      }
      .${license.licenseType or ""} or license.spdxId
        or (if license ? shortName then "LicenseRef-nixos-${license.shortName}" else null);
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
      license = licenseOf (package.meta.license or [ ]);
      patches = map (patch: baseNameOf (patch.name or patch)) (
        builtins.filter (patch: patch != null) (lib.toList (package.patches or [ ]))
      );
    };
  # Only what it is called: what is not in the image is not built for its SBOM.
  pathOf = builtins.unsafeDiscardStringContext;
  # Of packages, and of all that they are linked with. What glibc names in its files it has not among
  # its inputs (pkgs/development/libraries/glibc): libidn2, that one's own, and libgcc.
  fromPackages =
    packages:
    let
      all = builtins.genericClosure {
        startSet = map keyed (
          packages
          ++ lib.optionals (packages != [ ]) [
            pkgs.libidn2
            pkgs.libunistring
          ]
        );
        operator =
          { package, ... }:
          map keyed (
            builtins.filter (input: input ? outPath) (
              package.buildInputs or [ ]
              ++ package.propagatedBuildInputs or [ ]
              ++ lib.optional (package ? stdenv.cc.libc) package.stdenv.cc.libc
              ++ lib.optional (package ? libgcc) package.libgcc
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
