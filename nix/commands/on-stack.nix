# A command that acts on the stack of the folder that it is called in: the shell script of its
# name, after what those have in common.
{
  # ./described.nix
  described,
  lib,
  stackTools,
  writeShellApplication,
}:
# What comes before the script: shell.
name: parts:
writeShellApplication {
  name = "drydock-${name}";
  runtimeInputs = stackTools;
  text =
    described
    + lib.concatMapStringsSep "\n" builtins.readFile [
      ./ports.sh
      ./files.sh
      ./stack.sh
    ]
    + "\n"
    + lib.concatLines (parts ++ [ (builtins.readFile (./. + "/${name}.sh")) ]);
}
