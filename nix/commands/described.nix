# Shell variables that describe the stack: for each service its program, port, and where the edge
# has it, by its name for Compose; and how many seconds all of them may take to be healthy.
{
  # ../deploy/compose, as a file
  composeFile,
  lib,
  repository,
  # By name: a scope of ../stack.nix for each service behind the edge.
  services,
}:
let
  each =
    of:
    toString (
      lib.mapAttrsToList (
        name: service: "[${name}]=${lib.escapeShellArg (toString (of service))}"
      ) services
    );
  longest = builtins.foldl' (
    longest: service: if service.startPeriod > longest then service.startPeriod else longest
  ) 0 (builtins.attrValues services);
  # What says that it is ready, if that is behind the edge by the same path.
  pathOf =
    service:
    if service.basePath != "/" || service.ready == null || service.ready == "tcp" then
      service.basePath
    else
      service.ready;
in
''
  # shellcheck disable=SC2034 # not all commands have a use for all of them
  declare rendered=${composeFile} repository=${repository} hint=${./hint.sh}
  # shellcheck disable=SC2034
  declare -A programs=(${each (service: service.name)}) ports=(${each (service: service.port)})
  # shellcheck disable=SC2034
  declare -i patience=${toString (30 + longest)}
  # shellcheck disable=SC2034
  declare -A signals=(${each (service: service.layout.signal)})
  # shellcheck disable=SC2034
  declare -A paths=(${each pathOf}) hosts=(${each (service: service.host)})
''
