# The part of ./lib.nix about strings.
{ fails, lib }:
{
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
  "removePrefix, removeSuffix" = [
    [
      (lib.removePrefix "/" "//a")
      (lib.removePrefix "b" "abc")
      (lib.removePrefix "" "a")
      (lib.removeSuffix "/" "a//")
      (lib.removeSuffix "b" "abc")
      (lib.removeSuffix "longer" "r")
    ]
    [
      "/a"
      "abc"
      "a"
      "a/"
      "abc"
      "r"
    ]
  ];
  "toLower" = [
    (lib.toLower "aZ_É9")
    "az_É9"
  ];
  "concatMapStrings" = [
    (lib.concatMapStrings (x: x + "-") [
      "a"
      "b"
    ])
    "a-b-"
  ];
  "findFirst" = [
    (map
      (
        wanted:
        lib.findFirst (x: x > wanted) "none" [
          1
          2
          3
        ]
      )
      [
        1
        3
      ]
    )
    [
      2
      "none"
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
}
