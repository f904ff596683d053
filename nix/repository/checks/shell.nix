# The front door and every script, read by shellcheck.
{ lib, pkgs }:
let
  scripts = lib.fileset.toSource {
    root = ../../..;
    fileset = lib.fileset.unions [
      ../../../.envrc
      ../../../drydock
      ../../../examples/flake/drydock
      (lib.fileset.fileFilter (file: file.hasExt "sh") ../../..)
    ];
  };
in
pkgs.runCommand "shell" { nativeBuildInputs = [ pkgs.shellcheck ]; } ''
  cd ${scripts}
  find . -type f -exec shellcheck --external-sources {} +
  touch "$out"
''
