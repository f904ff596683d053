# The SBOM of each image, as CycloneDX and as SPDX, and a page that shows it. One that leaves
# anything of the image out is not made.
{
  lib,
  runCommand,
  writeText,
  # Has bin/sbom.
  sbomTool,
  # By the last parts of their names.
  images,
}:
let
  tool = lib.getExe sbomTool;
  stated = name: writeText "${name}.json" (builtins.toJSON images.${name}.components);
  sbom = runCommand "sbom" { } ''
    mkdir "$out"
    ${lib.concatMapStrings (name: ''
      ${tool} write ${stated name} ${images.${name}} "$out/${name}"
    '') (builtins.attrNames images)}
  '';
in
{
  inherit sbom;
  report = runCommand "report" { } ''
    mkdir "$out"
    for name in ${lib.escapeShellArgs (builtins.attrNames images)}; do
      ${tool} report "${sbom}/$name.cdx.json" "$out/$name.html"
    done
  '';
}
