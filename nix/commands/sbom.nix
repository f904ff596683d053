# `./drydock sbom`: the components of the images, as a table.
{
  lib,
  writeShellApplication,
  sbom,
  # Has bin/sbom.
  sbomTool,
}:
writeShellApplication {
  name = "drydock-sbom";
  text = ''
    [ $# = 0 ] || { echo "drydock: error: 'sbom' takes no arguments; there is: $*" >&2; exit 2; }
    exec ${lib.getExe sbomTool} table ${sbom}/*.cdx.json
  '';
}
