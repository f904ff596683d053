# lib on the edges: what nixpkgs' own gives, computed by it at NixOS/nixpkgs lib/ of
# nix-community/nixpkgs.lib de42d44212d207476489bce163375d8306a26d59. A name, what was computed
# of it, and what it must be.
{ lib }:
let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  table = import ./lib-strings.nix { inherit fails lib; } // {
    # lib/attrsets.nix
    "concatMapAttrs: the last wins" = [
      (lib.concatMapAttrs (n: v: { ${v} = n; }) {
        a = "x";
        b = "x";
        c = "y";
      })
      {
        x = "b";
        y = "c";
      }
    ];
    "genAttrs" = [
      (lib.genAttrs [ "a" "b" ] (n: n + n))
      {
        a = "aa";
        b = "bb";
      }
    ];
    "mapAttrs'" = [
      (lib.mapAttrs' (n: v: lib.nameValuePair "x${n}" (v + 1)) { a = 1; })
      { xa = 2; }
    ];
    "mapAttrsToList" = [
      (lib.mapAttrsToList (n: v: n + v) {
        b = "2";
        a = "1";
      })
      [
        "a1"
        "b2"
      ]
    ];
    "optionalAttrs" = [
      (map (c: lib.optionalAttrs c { a = 1; }) [
        true
        false
      ])
      [
        { a = 1; }
        { }
      ]
    ];
    # lib/lists.nix
    "optional" = [
      (map (c: lib.optional c [ 1 ]) [
        true
        false
      ])
      [
        [ [ 1 ] ]
        [ ]
      ]
    ];
    "optionals" = [
      (map (c: lib.optionals c [ 1 ]) [
        true
        false
      ])
      [
        [ 1 ]
        [ ]
      ]
    ];
    # lib/meta.nix
    "getExe" = [
      (lib.getExe {
        outPath = "/p";
        type = "derivation";
        bin.outPath = "/b";
        outputName = "out";
        meta.mainProgram = "m";
      })
      "/b/bin/m"
    ];
    "getExe' of a path in a program" = [
      (fails (
        lib.getExe' {
          outPath = "/p";
          type = "derivation";
        } "a/b"
      ))
      true
    ];
    "getExe of a text" = [
      (fails (lib.getExe "/p"))
      true
    ];
    # lib/fileset/default.nix
    "toSource of what is not below the root" = [
      (fails "${lib.fileset.toSource {
        root = ../checks;
        fileset = ./lib.nix;
      }}")
      true
    ];
    "toSource of what is not there" = [
      (fails "${lib.fileset.toSource {
        root = ./.;
        fileset = ./nothing;
      }}")
      true
    ];
    "unions of what is not there" = [
      (fails "${lib.fileset.toSource {
        root = ./.;
        fileset = lib.fileset.unions [ ./nothing ];
      }}")
      true
    ];
    "a root that is a text" = [
      (fails "${lib.fileset.toSource {
        root = toString ./.;
        fileset = ./lib.nix;
      }}")
      true
    ];
    "toSource keeps what was named" = [
      (builtins.attrNames (
        builtins.readDir "${
          lib.fileset.toSource {
            root = ./..;
            fileset = lib.fileset.unions [
              ./lib.nix
              ./manifest.toml
            ];
          }
        }/inputs"
      ))
      [
        "lib.nix"
        "manifest.toml"
      ]
    ];
    "fileFilter by extension" = [
      (builtins.attrNames (
        builtins.readDir "${lib.fileset.toSource {
          root = ./.;
          fileset = lib.fileset.fileFilter (
            f: f.hasExt "toml" && f.name == "manifest.toml" && f.type == "regular"
          ) ./.;
        }}"
      ))
      [ "manifest.toml" ]
    ];
    "a source's name" = [
      (
        builtins.match ".*-source" "${lib.fileset.toSource {
          root = ./.;
          fileset = ./lib.nix;
        }}" != null
      )
      true
    ];
  };
in
builtins.filter (name: builtins.elemAt table.${name} 0 != builtins.elemAt table.${name} 1) (
  builtins.attrNames table
)
