# What nixpkgs says of the packages in an image, and what the SBOM makes of it. Read at NixOS/nixpkgs
# pkgs/development/libraries/glibc/common.nix 00437292513a, corepkgs pkgs/glibc/default.nix
# 9c8533eb0c40, and lib/licenses de42d44212d2. A name, what was found, and what must be.
{ lib, pkgs }:
let
  inherit
    (import ../../images/components.nix {
      inherit lib pkgs;
      vendor = _: throw "there is no crate";
    })
    componentsOf
    stated
    ;
  inherit (pkgs.stdenv.cc) libc;
  inherit
    (componentsOf {
      image = { };
      packages = [ pkgs.nginx ];
    })
    parts
    ;
  path = package: builtins.unsafeDiscardStringContext package.outPath;
  licensed =
    license:
    (stated {
      name = "one-1";
      meta = { inherit license; };
    }).license;
  mit.spdxId = "MIT";
  apache.spdxId = "Apache-2.0";
  either = {
    licenseType = "compound";
    operator = "OR";
    licenses = [
      mit
      apache
    ];
  };
  table = {
    "glibc, and what it names in its files" = [
      (map (package: parts ? ${path package}) [
        libc
        libc.libgcc
        pkgs.libidn2
        pkgs.libunistring
      ])
      [
        true
        true
        true
        true
      ]
    ];
    "one licence" = [
      (licensed mit)
      "MIT"
    ];
    "several licences" = [
      (licensed [
        mit
        either
      ])
      "MIT AND (MIT OR Apache-2.0)"
    ];
    "a licence with an exception" = [
      (licensed {
        licenseType = "exception";
        operator = "WITH";
        license = apache;
        exception.spdxId = "LLVM-exception";
      })
      "Apache-2.0 WITH LLVM-exception"
    ];
    "a licence that SPDX has no name for" = [
      (licensed { shortName = "publicDomain"; })
      "LicenseRef-nixos-publicDomain"
    ];
    "a licence without a name" = [
      (licensed [
        mit
        { }
      ])
      null
    ];
    "no licence" = [
      (stated { name = "one-1"; }).license
      null
    ];
  };
in
builtins.filter (name: builtins.elemAt table.${name} 0 != builtins.elemAt table.${name} 1) (
  builtins.attrNames table
)
