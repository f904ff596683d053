# What a one-line change ships: the archive before and after it, compared layer
# by layer. The output is the report.
{
  lib,
  runCommand,
  # Has bin/image-compare.
  asserter,
  # What the change is a change of.
  name,
  before,
  after,
  # The one layer that may differ, by its store path without the hash; a pattern.
  layer,
  # The most that it may ship, compressed.
  bytes,
}:
runCommand "update-cost-${name}" { } ''
  ${lib.getExe' asserter "image-compare"} ${before} ${after} '${layer}' ${toString bytes} | tee "$out"
''
