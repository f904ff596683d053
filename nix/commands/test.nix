# `nix run .#test`: the stack as shipped, started beside whatever runs here, asked and stopped.
{
  # ../compose.nix, as a file
  composeFile,
  lib,
  loadAll,
  repository,
  # By name: a scope of ../stack.nix for each service behind the edge.
  services,
  stackTools,
  writeShellApplication,
}:
let
  # Of a service, by its name.
  each =
    of:
    toString (
      lib.mapAttrsToList (
        name: service: "[${name}]=${lib.escapeShellArg (toString (of service))}"
      ) services
    );
  # Where the edge has it, and what it says there when it is ready.
  pathOf =
    service:
    if service.place != "/" || service.ready == null || service.ready == "tcp" then
      service.place
    else
      service.ready;
in
writeShellApplication {
  name = "drydock-test";
  runtimeInputs = stackTools;
  text = ''
    rendered=${composeFile} repository=${repository} hint=${./hint.sh}
    declare -A programs=(${each (service: service.name)}) ports=(${each (service: service.port)})
    declare -A paths=(${each pathOf}) hosts=(${each (service: service.host)})
    ${loadAll}
    ${builtins.readFile ./files.sh}
    ${builtins.readFile ./test.sh}
  '';
}
