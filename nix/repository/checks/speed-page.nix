# The page of results is what ../../../bench/runs and ../../../bench/plots.toml give, to the byte:
# no figure on it is typed by hand.
{
  # Has bin/drydock-bench.
  benchDriver,
  lib,
  pkgs,
}:
let
  files = lib.fileset.toSource {
    root = ../../..;
    fileset = lib.fileset.unions [
      ../../../bench/plots.toml
      ../../../bench/runs
      ../../../docs/SPEED.md
      ../../../docs/speed
    ];
  };
in
pkgs.runCommand "speed-page" { } ''
  cp -r ${files} made
  chmod -R u+w made
  ${lib.getExe' benchDriver "drydock-bench"} page --root made
  diff -ru ${files} made || {
    echo "docs/SPEED.md or docs/speed is not what bench/runs and bench/plots.toml give; ./drydock bench page makes it" >&2
    exit 1
  }
  touch "$out"
''
