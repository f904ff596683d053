# `drydock-update-text BEFORE AFTER`: what an update changes, as Markdown, of two folders that
# have the trees and what was built of them. It does not need Nix, so that a check can run it.
{
  # Has bin/image-compare.
  asserter,
  pkgs,
}:
pkgs.writeShellApplication {
  name = "drydock-update-text";
  runtimeInputs = [
    asserter
    pkgs.cargo-audit
    pkgs.coreutils
    pkgs.findutils
    pkgs.gnugrep
    pkgs.gnused
    pkgs.gnutar
    pkgs.gzip
    pkgs.jq
  ];
  text = builtins.readFile ./update-text.sh;
}
