# Records what `./drydock test` has passed with the pinned inputs, and has README.md say so.
{ pkgs }:
pkgs.writeShellApplication {
  name = "drydock-seen";
  # git and nix are those of the caller, who has a clone and has started this.
  runtimeInputs = [
    pkgs.gnugrep
    pkgs.gnused
    pkgs.jq
  ];
  text = ''
    # For a machine that has no client of its own.
    PATH=$PATH:${pkgs.lib.makeBinPath [ pkgs.docker-client ]}
    ${builtins.readFile ./seen.sh}
  '';
}
