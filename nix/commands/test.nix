# `nix run .#test`: the stack as shipped, started beside whatever runs here, asked and stopped.
{
  # ./described.nix
  described,
  loadAll,
  stackTools,
  writeShellApplication,
}:
writeShellApplication {
  name = "drydock-test";
  runtimeInputs = stackTools;
  text = ''
    ${described}
    ${loadAll}
    ${builtins.readFile ./files.sh}
    ${builtins.readFile ./test.sh}
  '';
}
