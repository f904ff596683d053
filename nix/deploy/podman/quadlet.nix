# The stack as systemd runs it with Podman: units of Quadlet, as text by their names
# (podman-systemd.unit(5)). What Podman 4.4 has no key for is an argument, so that each later one
# takes them too.
{
  lib,
  # ../description.nix
  description,
  # Of the last part of an image's name, what it is called in a registry, by digest.
  reference,
  # Whether a file on the machine says which registry that is.
  asksForRegistry,
  # The first part of the images' names.
  repository,
}:
let
  inherit (description) containers networks volumes;
  options = import ./options.nix { inherit description lib; };
  prefix = builtins.replaceStrings [ "/" ] [ "-" ] repository;
  unitOf = name: "${prefix}-${name}";
  section = name: lines: lib.optionalString (lines != [ ]) "[${name}]\n${lib.concatLines lines}\n";
  # A word of a line: https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html#Quoting
  word =
    value:
    if builtins.match "[A-Za-z0-9:@%+=,./_-]+" value != null then
      value
    else
      "'${builtins.replaceStrings [ "\\" "'" ] [ "\\\\" "\\'" ] value}'";
  yes = condition: name: lib.optional condition "${name}=true";
  user = container: toString container.user;
  containerUnit =
    name: container:
    let
      after =
        builtins.attrNames container.after ++ lib.optional (container.joins != null) container.joins;
      isKeeper = name == "tls";
    in
    section "Unit" (
      [
        "Description=${name} of ${repository}"
        # What cannot be pulled or started now may be in a while: it is tried until it is stopped.
        "StartLimitIntervalSec=0"
      ]
      ++ map (other: "After=${unitOf other}.service") after
      # It joins what that has; without a pair or a service it is started until they are there, and
      # what was there before goes on serving meanwhile.
      ++ map (
        other: "${if other == container.joins then "Requires" else "Wants"}=${unitOf other}.service"
      ) after
    )
    + section "Container" (
      [
        "Image=${reference container.image}"
        "ContainerName=${unitOf name}"
        "User=${user container}"
        "Group=${user container}"
      ]
      ++ yes container.noNewPrivileges "NoNewPrivileges"
      ++ yes container.readOnlyRoot "ReadOnly"
      ++ lib.optional (
        container.seccomp != null
      ) "SeccompProfile=%E/${prefix}/seccomp/${container.seccomp}.json"
      ++ [ "DropCapability=all" ]
      ++ map (capability: "AddCapability=CAP_${capability}") container.capabilities
      ++ lib.mapAttrsToList (
        variable: value: "Environment=${word "${variable}=${value}"}"
      ) container.environment
      ++ (
        if container.joins != null then
          [ "Network=container:${unitOf container.joins}" ]
        else if container.networks == [ ] then
          [ "Network=none" ]
        else
          map (network: "Network=${unitOf network}.network") container.networks
      )
      ++ map (
        { port, protocol, ... }: "PublishPort=${toString port}:${toString port}/${protocol}"
      ) container.ports
      ++ map (
        mount: "Volume=${unitOf mount.volume}.volume:${mount.at}${lib.optionalString mount.readOnly ":ro"}"
      ) container.mounts
      # What systemd has read for this unit, which SELinux has a label for that is no container's.
      ++ lib.optionals isKeeper [
        "Volume=%d:/from:ro"
        "SecurityLabelDisable=true"
      ]
      ++ lib.mapAttrsToList (
        variable: at:
        "Secret=${unitOf name}-${lib.toLower variable},type=mount,target=${at},uid=${user container},gid=${user container},mode=0400"
      ) container.secrets
      ++ lib.optional (container.health != null) "Notify=healthy"
      ++ map (option: "PodmanArgs=${word option}") (
        # Handed on when set.
        map (variable: "--env=${variable}") container.handedOn ++ options name container
      )
      ++
        lib.optional (container.arguments != [ ])
          "Exec=${lib.concatMapStringsSep " " word container.arguments}"
    )
    + section "Service" (
      [
        "EnvironmentFile=${lib.optionalString (!asksForRegistry) "-"}%E/${prefix}/environment"
        "TimeoutStartSec=300"
        "TimeoutStopSec=${toString (container.grace + 10)}"
        "RestartSec=2"
      ]
      ++ (
        if container.restarts then
          [ "Restart=always" ]
        else
          [
            "Type=oneshot"
            "RemainAfterExit=yes"
            # Podman could not start it, as before there is a network; what it refuses itself is final.
            "RestartForceExitStatus=125"
          ]
      )
      # From a folder of credentials, /etc/credstore for example; without one, localhost gets a pair.
      ++ lib.optionals isKeeper [
        "LoadCredential=localhost.crt"
        "LoadCredential=localhost.key"
      ]
    )
    + section "Install" [ "WantedBy=multi-user.target default.target" ];
  networkUnit =
    name: network:
    section "Network" ([ "NetworkName=${unitOf name}" ] ++ yes network.internal "Internal");
  volumeUnit =
    name: volume:
    section "Volume" (
      [ "VolumeName=${unitOf name}" ]
      ++ lib.optionals (volume ? memory) [
        "Device=tmpfs"
        "Type=tmpfs"
        "Options=${volume.options}"
      ]
    );
  files =
    suffix: render:
    lib.mapAttrs' (name: value: lib.nameValuePair "${unitOf name}.${suffix}" (render name value));
in
files "container" containerUnit containers
// files "network" networkUnit networks
// files "volume" volumeUnit volumes
