# Every Nix file as nixfmt (RFC 166) writes it.
{ lib, pkgs }:
let
  files = lib.fileset.toSource {
    root = ../../..;
    fileset = lib.fileset.fileFilter (file: file.hasExt "nix") ../../..;
  };
in
pkgs.runCommand "nix-format" { nativeBuildInputs = [ pkgs.nixfmt ]; } ''
  find ${files} -name '*.nix' -exec nixfmt --check {} +
  touch "$out"
''
