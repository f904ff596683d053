# Lines of a Compose file that each container has.
{
  lib,
  # Of the last part of an image's name, what it is called.
  reference,
  # ../policy.nix, and whether the images come from a registry.
  policy,
  published,
  # The folder of the seccomp profiles.
  profiles,
}:
let
  units = import ../units.nix;
  seconds = nanoseconds: "${toString (units.seconds nanoseconds)}s";
in
rec {
  indented = lib.concatMapStrings (line: "    ${line}\n");
  # As YAML has them in one line; what it would take for something else is in quotation marks.
  text =
    value: if builtins.match "[A-Za-z0-9/._-]+" value == null then builtins.toJSON value else value;
  list = values: "[${lib.concatMapStringsSep ", " text values}]";
  pairs =
    set:
    "{ ${
      builtins.concatStringsSep ", " (lib.mapAttrsToList (name: value: "${name}: ${toString value}") set)
    } }";
  image = container: "image: ${reference container.image}";
  seccomp =
    container:
    "security_opt: [\"no-new-privileges:true\", \"seccomp=${profiles}/${container.seccomp}.json\"]";
  networks = container: "networks: ${list container.networks}";
  user = container: "user: \"${toString container.user}:${toString container.user}\"";
  mount = mount: "  - ${mount.volume}:${mount.at}${lib.optionalString mount.readOnly ":ro"}";
  memoryFolders =
    container:
    lib.mapAttrsToList (folder: size: "  - ${folder}:${units.inMemory size}") container.memoryFolders;
  sysctls = container: "sysctls: ${pairs container.sysctls}";
  # Podman reads none in an image of a registry.
  health =
    { health, ... }:
    lib.optional (published && health != null)
      "healthcheck: { test: ${
        builtins.toJSON (map (builtins.replaceStrings [ "$" ] [ "$$" ]) health.Test)
      }, interval: ${toString policy.interval}s, timeout: ${seconds health.Timeout}, start_period: ${seconds health.StartPeriod}, retries: ${toString health.Retries} }";
  secrets =
    name: container:
    lib.optional (container.secrets != { }) "secrets:"
    ++ map (variable: "  - { source: ${secretOf name variable}, target: ${variable} }") (
      builtins.attrNames container.secrets
    );
  secretOf = name: variable: "${name}-${lib.toLower variable}";
  grace = container: "stop_grace_period: ${toString container.grace}s";
  # `cpus: 2` would not start on a machine with one.
  cpu = container: "cpu_quota: ${toString (container.cpu * 1000)}";
  memory = container: "mem_limit: ${container.memory}";
}
