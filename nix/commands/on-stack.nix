# A command that acts on the stack of the folder that it is called in: the shell script of its
# name, after what those have in common.
{
  # Has bin/drydock-engine.
  engine,
  lib,
  pkgs,
  writeShellApplication,
}:
# What comes before the script: shell.
name: parts:
writeShellApplication {
  name = "drydock-${name}";
  # Compose is called by its own name, so that no CLI plug-in has to be installed.
  runtimeInputs = [
    engine
    pkgs.curl
    pkgs.docker-client
    pkgs.docker-compose
    pkgs.gnutar
    pkgs.jq
    pkgs.openssl
  ];
  text =
    lib.concatMapStringsSep "\n" builtins.readFile [
      ./ports.sh
      ./stack.sh
    ]
    + "\n"
    + lib.concatLines (parts ++ [ (builtins.readFile (./. + "/${name}.sh")) ]);
}
