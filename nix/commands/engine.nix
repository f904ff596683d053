# Sees to a Docker engine: see ./engine.sh. Nothing here refers to the engine itself, which is
# an app of its own, so that only who has none fetches it.
{ lib, pkgs }:
let
  oldest = lib.importTOML ./oldest-engine.toml;
in
pkgs.writeShellApplication {
  name = "drydock-engine";
  runtimeInputs = [
    pkgs.coreutils
    pkgs.docker-client
    pkgs.gnused
  ];
  text = ''
    oldest_engine=${oldest.engine} oldest_api=${oldest.api}
    busybox=${lib.getExe' pkgs.busybox "busybox"}
    ${builtins.readFile ./engine.sh}
  '';
}
