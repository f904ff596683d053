# Holds the scripts of ../../../.github to what they should do: which revision a change is held
# against, that no output is in no job, that each that cannot be built is named; and
# `drydock-seen` to what a record is left of. It evaluates flakes, as no build in a sandbox
# can, so it is an app.
#
# GitHub cannot be asked here, nor is an engine needed, so `gh` is a stand-in that reads its
# answer from a file, and `docker` one that says a version.
{
  pkgs,
  # Has bin/drydock-affected.
  affected,
  # Has bin/drydock-seen.
  seen,
}:
pkgs.writeShellApplication {
  name = "drydock-ci-test";
  runtimeInputs = [
    affected
    pkgs.jq
    seen
  ];
  text = ''
    matrix=${../../../.github/matrix.sh} build=${../../../.github/build.sh} output_paths=${./output-paths.nix}
    ${builtins.readFile ./ci-test.sh}
    ${builtins.readFile ./ci-test-records.sh}
  '';
}
