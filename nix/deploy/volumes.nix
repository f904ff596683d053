# The volumes of the stack: what outlives a container, or is shared by two.
{
  lib,
  # By name: a scope of ../stack.nix for each service behind the edge.
  services,
  # The user that the edge runs as.
  edgeUser,
}:
let
  # With the options that it is mounted with. Its size is said in pages, of 4 KB nearly everywhere:
  # Podman before 4.8 takes `size` for a quota of the disk's (podman issue 20449).
  inMemory = memory: whose: {
    inherit memory;
    options = "nr_blocks=${
      toString ((import ./units.nix).bytes memory / 4096)
    },${whose},noexec,nosuid,nodev";
  };
  all = builtins.attrValues services;
in
rec {
  # A volume in a container.
  mounted = readOnly: volume: at: { inherit at readOnly volume; };
  withSocket = builtins.filter (service: service.socket != null) all;
  socketFolder = service: if service.socket == null then null else dirOf service.socket;
  # All but /tmp, which nothing outlives.
  keptOf =
    service:
    builtins.filter (folder: folder != "/tmp" && folder != socketFolder service) service.writable;
  # None of them is one of the edge's own, whatever the folder is called.
  nameOf = service: folder: "${service.serviceName}${builtins.replaceStrings [ "/" ] [ "-" ] folder}";
  socketOf = service: "${service.serviceName}-socket";
  # By name; in memory where a size is stated.
  volumes = {
    # The pair, as nginx reads it.
    tls = { };
    # An ACME client mounts the same volume and writes its challenges there.
    acme = { };
    # In memory, and no more: what comes first of a trouble is kept.
    errors = inMemory "4m" "mode=0700,uid=${toString edgeUser},gid=${toString edgeUser}";
  }
  // builtins.listToAttrs (
    builtins.concatMap (
      service:
      map (folder: lib.nameValuePair (nameOf service folder) { }) (keptOf service)
      ++ lib.optional (service.socket != null) (
        lib.nameValuePair (socketOf service) (inMemory "64m" "mode=1777")
      )
    ) all
  );
}
