# keypair, which reads the pair that a user brings, held against the nginx of the image and its
# OpenSSL, which serve it: what the one takes the other takes.
{
  lib,
  pkgs,
  keypair,
  nginx,
}:
pkgs.runCommand "pairs" { nativeBuildInputs = [ pkgs.openssl ]; } ''
  keypair=${lib.getExe keypair}
  nginx=${lib.getExe nginx}
  ${builtins.readFile ./pairs.sh}
  ${builtins.readFile ./pairs-cases.sh}
  touch "$out"
''
