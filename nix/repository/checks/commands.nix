# Every command of a stack builds: ShellCheck reads a script then. And what a service with another
# one beside it has, which this repository's own has not, is there.
{
  lib,
  mkCrane,
  mkRustBin,
  pkgs,
  programs,
  runCommand,
}:
let
  other = import ../../stack.nix {
    inherit mkCrane mkRustBin pkgs;
    settings = {
      # Any crate will do: nothing of it is built.
      src = ../../../crates/probe;
      files = [ ];
      services.other = {
        files = [ ];
        path = "/other/";
      };
      writable = [ "/data" ];
    };
  };
  made =
    map (program: program.drvPath) (builtins.attrValues other.programs)
    ++ map (check: check.drvPath) (builtins.attrValues other.checks)
    ++ [ other.devShells.default.drvPath ];
in
runCommand "commands"
  {
    # Their names, and not what they are.
    made = map builtins.unsafeDiscardStringContext made;
  }
  ''
    ls -l ${lib.escapeShellArgs (map lib.getExe (builtins.attrValues programs))} > "$out"
  ''
