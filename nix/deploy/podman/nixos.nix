# The stack as NixOS runs it: what ./module.nix makes services of. The containers are as the options
# of virtualisation.oci-containers have them.
{
  lib,
  # ../description.nix
  description,
  # Of the last part of an image's name, what it is called below a registry, by digest.
  reference,
  # The first part of the images' names.
  repository,
}:
let
  inherit (description) containers networks volumes;
  options = import ./options.nix { inherit description lib; };
  prefix = builtins.replaceStrings [ "/" ] [ "-" ] repository;
  called = name: "${prefix}-${name}";
  containerOf = name: container: {
    image = reference container.image;
    user = "${toString container.user}:${toString container.user}";
    cmd = container.arguments;
    inherit (container) environment seccomp;
    capabilities = {
      ALL = false;
    }
    // lib.genAttrs container.capabilities (_: true);
    # It fails with what it joins, and not with what it only comes after.
    dependsOn = lib.optional (container.joins != null) (called container.joins);
    after = map called (builtins.attrNames (removeAttrs container.after [ "tls" ]));
    networks =
      if container.joins != null then
        [ "container:${called container.joins}" ]
      else if container.networks == [ ] then
        [ "none" ]
      else
        map called container.networks;
    ports = map (
      { port, protocol, ... }: "${toString port}:${toString port}/${protocol}"
    ) container.ports;
    volumes = map (
      mount: "${called mount.volume}:${mount.at}${lib.optionalString mount.readOnly ":ro"}"
    ) container.mounts;
    podman.sdnotify = if container.health == null then "conmon" else "healthy";
    extraOptions =
      lib.optional container.readOnlyRoot "--read-only"
      ++ lib.optional container.noNewPrivileges "--security-opt=no-new-privileges"
      ++ map (variable: "--env=${variable}") container.handedOn
      ++ lib.mapAttrsToList (
        variable: at:
        "--secret=${called name}-${lib.toLower variable},type=mount,target=${at},uid=${toString container.user},gid=${toString container.user},mode=0400"
      ) container.secrets
      ++ options name container;
  };
in
{
  inherit prefix;
  # What runs once, before nginx, is no container of that module: it has none that ends.
  tls = containerOf "tls" containers.tls;
  containers = lib.mapAttrs' (
    name: container: lib.nameValuePair (called name) (containerOf name container)
  ) (removeAttrs containers [ "tls" ]);
  # Arguments of `podman network create` and `podman volume create`.
  networks = lib.mapAttrs' (
    name: network: lib.nameValuePair (called name) (lib.optional network.internal "--internal")
  ) networks;
  volumes = lib.mapAttrs' (
    name: volume:
    lib.nameValuePair (called name) (
      lib.optionals (volume ? memory) [
        "--opt=device=tmpfs"
        "--opt=type=tmpfs"
        "--opt=o=${volume.options}"
      ]
    )
  ) volumes;
}
