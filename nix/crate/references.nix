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
  outputs =
    package:
    map (output: package.${output}) (
      builtins.filter (
        output:
        builtins.elem output [
          "out"
          "bin"
          "dev"
          "lib"
        ]
      ) (package.outputs or [ "out" ])
    );
  # Of a library that has its headers apart; what else it has may be data that it reads.
  headers = library: lib.optional (builtins.elem "dev" (library.outputs or [ ])) library.dev;
  paths =
    builtins.concatMap outputs (
      [
        cc
        cc.cc
      ]
      ++ found.tools
    )
    ++ builtins.concatMap headers (found.withTheirs found.libraries);
in
''
  find "$out" -type f -exec remove-references-to ${toString (map (path: "-t ${path}") paths)} {} +
''
