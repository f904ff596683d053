# `./drydock explain FILE`: of which component a file of an image is, and why that is there.
{
  lib,
  writeShellApplication,
  sbom,
  # Has bin/sbom.
  sbomTool,
}:
writeShellApplication {
  name = "drydock-explain";
  text = ''
    if [ $# != 1 ]; then
      echo "usage: drydock explain FILE" >&2
      echo "  FILE  a path in an image, or the end of one, such as libcrypto.so.3" >&2
      exit 2
    fi
    exec ${lib.getExe sbomTool} explain "$1" ${sbom}/*.cdx.json
  '';
}
