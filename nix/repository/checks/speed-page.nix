# The page of results is what ../../../bench/runs and ../../../bench/plots.toml give, to the byte:
# no figure on it is typed by hand.
{ lib, pkgs }:
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
pkgs.runCommand "speed-page" { nativeBuildInputs = [ pkgs.python314 ]; } ''
  page() { python3 ${../commands/speed-page.py} "$1"; }
  copy() {
    rm -rf "$1"
    cp -r ${files} "$1"
    chmod -R u+w "$1"
  }

  copy made
  page made
  diff -ru ${files} made || {
    echo "docs/SPEED.md or docs/speed is not what bench/runs and bench/plots.toml give; ./drydock bench page makes it" >&2
    exit 1
  }

  # What cannot be shown, or would be lost, is refused.
  refused() {
    copy wrong
    sed -i "$1" wrong/bench/plots.toml wrong/bench/runs/serving.csv
    if said=$(page wrong 2>&1) || [[ $said != *"$2"* ]]; then
      echo "with $1 it says '$said' and not '$2'" >&2
      exit 1
    fi
  }
  refused 's/= \["requests"\]/= ["requests", "start"]/' "are not of one unit"
  refused 's/"latency-rate"/"nothing-*"/' "has no plot of 'latency-rate'"
  refused 's/limit = { most = 5 }/limit = { about = 5 }/' "has 'about'"
  refused 's/^unit = "ms"/unit = "s"\nof = { contender = "go" }/' "either"
  refused 's/^unit = "MB"/unit = "s"/' "is not measured in 's'"
  refused '0,/KiB/s/KiB/lines/' "there is no unit 'lines'"
  touch "$out"
''
