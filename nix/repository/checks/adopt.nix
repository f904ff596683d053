# docs/ADOPT.md has the table of the settings as they are, and each template the same front door.
{ lib, pkgs }:
pkgs.runCommand "adopt"
  {
    table = import ../../settings/page.nix { inherit lib; };
    passAsFile = [ "table" ];
  }
  ''
    sed -n '/^| setting /,/^$/{/^|/p}' ${../../../docs/ADOPT.md} > there
    diff -u there "$tablePath" >&2 || { echo "adopt: docs/ADOPT.md has another table than nix/settings/rows.nix; the lines with + belong there" >&2; exit 1; }
    cmp ${../../../examples/flake/drydock} ${../../../examples/hello/drydock} >&2 || { echo "adopt: examples/hello has another drydock than examples/flake" >&2; exit 1; }
    touch "$out"
  ''
