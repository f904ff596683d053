# lib on the edges: what nixpkgs' own gives, computed by it at NixOS/nixpkgs lib/ of
# nix-community/nixpkgs.lib de42d44212d207476489bce163375d8306a26d59. A name, what was computed
# of it, and what it must be.
{ lib }:
let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  table = {
    # lib/strings.nix
    "concatLines [ ]" = [
      (lib.concatLines [ ])
      ""
    ];
    "concatLines ends each" = [
      (lib.concatLines [
        "a"
        "b"
      ])
      "a\nb\n"
    ];
    "concatMapStringsSep" = [
      (lib.concatMapStringsSep ", " (x: x + x) [
        "a"
        "b"
      ])
      "aa, bb"
    ];
    "escapeShellArg leaves what is safe" = [
      (lib.escapeShellArg "a/b-c_d.e:f@g%h+j,k")
      "a/b-c_d.e:f@g%h+j,k"
    ];
    "escapeShellArg quotes an equals sign" = [
      (lib.escapeShellArg "a=b")
      "'a=b'"
    ];
    "escapeShellArg quotes a space" = [
      (lib.escapeShellArg "a b")
      "'a b'"
    ];
    "escapeShellArg quotes a quote" = [
      (lib.escapeShellArg "it's")
      "'it'\\''s'"
    ];
    "escapeShellArg quotes nothing" = [
      (lib.escapeShellArg "")
      "''"
    ];
    "escapeShellArg of a number" = [
      (lib.escapeShellArg 1)
      "1"
    ];
    "escapeShellArg quotes a line" = [
      (lib.escapeShellArg "a\nb")
      "'a\nb'"
    ];
    "escapeShellArgs" = [
      (lib.escapeShellArgs [
        "a"
        "b c"
      ])
      "a 'b c'"
    ];
    "hasPrefix" = [
      (map (p: lib.hasPrefix p "abc") [
        ""
        "ab"
        "abc"
        "abcd"
        "b"
      ])
      [
        true
        true
        true
        false
        false
      ]
    ];
    "hasSuffix" = [
      (map (p: lib.hasSuffix p "abc") [
        ""
        "bc"
        "abc"
        "zabc"
        "b"
      ])
      [
        true
        true
        true
        false
        false
      ]
    ];
    "makeBinPath leaves out null" = [
      (lib.makeBinPath [
        "/a"
        null
        "/b"
      ])
      "/a/bin:/b/bin"
    ];
    "optionalString" = [
      (map (c: lib.optionalString c "x") [
        true
        false
      ])
      [
        "x"
        ""
      ]
    ];
    "splitString" = [
      (lib.splitString "." ".a..b.")
      [
        ""
        "a"
        ""
        "b"
        ""
      ]
    ];
    "splitString of nothing" = [
      (lib.splitString "." "")
      [ "" ]
    ];
    "splitString by what is special" = [
      (lib.splitString "]" "a]b")
      [
        "a"
        "b"
      ]
    ];
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
