# `nix run .#test`: the stack as shipped, started beside whatever runs here, asked and stopped.
{
  # ../compose.nix, as a file
  composeFile,
  image-app,
  image-nginx,
  lib,
  load,
  name,
  # The settings of these names: see ../settings.nix.
  port,
  ready,
  repository,
  stackTools,
  writeShellApplication,
}:
writeShellApplication {
  name = "drydock-test";
  runtimeInputs = stackTools;
  text = ''
    rendered=${composeFile} repository=${repository} name=${name} port=${toString port} hint=${./hint.sh}
    path=${if ready == null || ready == "tcp" then "/" else lib.escapeShellArg ready}
    ${load {
      "${repository}/app" = image-app;
      "${repository}/nginx" = image-nginx;
    }}
    ${builtins.readFile ./files.sh}
    ${builtins.readFile ./test.sh}
  '';
}
