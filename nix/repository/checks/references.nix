# A program that says how it was compiled (./references) takes no compiler into its image.
{
  lib,
  mkCrane,
  mkRustBin,
  pkgs,
}:
let
  inherit
    (import ../../stack.nix {
      inherit mkCrane mkRustBin pkgs;
      settings.src = ./references;
    })
    app
    ;
in
pkgs.runCommand "references" { } ''
  said=$(${lib.getExe' app "compiled"})
  [[ $said = /nix/store/eeee*cc ]] || { echo "it says $said" >&2; exit 1; }
  needs=$(cat ${pkgs.closureInfo { rootPaths = [ app ]; }}/store-paths)
  [ "$needs" = ${app} ] || { echo "it needs $needs" >&2; exit 1; }
  touch "$out"
''
