# Lines of a Compose file that each container has.
{
  lib,
  # Of the last part of an image's name, what it is called.
  reference,
}:
rec {
  indented = lib.concatMapStrings (line: "    ${line}\n");
  # As YAML has them in one line; what it would take for something else is in quotation marks.
  text =
    value: if builtins.match "[A-Za-z0-9/._-]+" value == null then builtins.toJSON value else value;
  list = values: "[${lib.concatMapStringsSep ", " text values}]";
  pairs = set: "{ ${builtins.concatStringsSep ", " (lib.mapAttrsToList (name: value: "${name}: ${toString value}") set)} }";
  image = container: "image: ${reference container.image}";
  networks = container: "networks: ${list container.networks}";
  user = container: "user: \"${toString container.user}:${toString container.user}\"";
  mount = mount: "  - ${mount.volume}:${mount.at}${lib.optionalString mount.readOnly ":ro"}";
  memoryFolders = container: lib.mapAttrsToList (
    folder: size: "  - ${folder}:${(import ../units.nix).inMemory size}"
  ) container.memoryFolders;
  grace = container: "stop_grace_period: ${toString container.grace}s";
  # `cpus: 2` would not start on a machine with one.
  cpu = container: "cpu_quota: ${toString (container.cpu * 1000)}";
  memory = container: "mem_limit: ${container.memory}";
}
