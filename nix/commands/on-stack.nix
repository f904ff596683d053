# A command that acts on the stack of the folder that it is called in: the shell script of its
# name, after what those have in common.
{
  # ../compose.nix, as a file
  composeFile,
  lib,
  # By the names of the services: their programs'.
  programNames,
  repository,
  stackTools,
  writeShellApplication,
}:
# What comes before the script: shell.
name: parts:
writeShellApplication {
  name = "drydock-${name}";
  runtimeInputs = stackTools;
  text = ''
    rendered=${composeFile} repository=${repository} hint=${./hint.sh}
    # shellcheck disable=SC2034 # not all commands have a use for it
    declare -A programs=(${
      toString (lib.mapAttrsToList (name: program: "[${name}]=${program}") programNames)
    })
  ''
  + lib.concatMapStringsSep "\n" builtins.readFile [
    ./ports.sh
    ./files.sh
    ./stack.sh
  ]
  + "\n"
  + lib.concatLines (parts ++ [ (builtins.readFile (./. + "/${name}.sh")) ]);
}
