# The program's references to what it was built with, which are taken away: C says how it was compiled
# (OpenSSL does), and names its headers where it asserts; that is no reason to ship a compiler.
{
  lib,
  pkgs,
  # ./needed.nix
  found,
}:
let
  inherit (pkgs.pkgsStatic.stdenv) cc;
  outputsOf =
    package:
    map (output: package.${output}) (
      builtins.filter (output: output != "man" && output != "doc") (package.outputs or [ "out" ])
    );
  paths = builtins.concatMap outputsOf (
    [
      cc
      cc.cc
    ]
    ++ found.tools
    ++ found.withTheirs found.libraries
  );
in
''
  find "$out" -type f -exec remove-references-to ${toString (map (path: "-t ${path}") paths)} {} +
''
