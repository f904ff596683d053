# The SBOMs of the images leave nothing out, are what CycloneDX's and SPDX's own tools take, and say
# no less than a stranger's scanner finds.
{
  # Has bin/sbom.
  sbomTool,
  # Python files of both, and their interpreter.
  sbomValidators,
  # The images by their last names.
  images,
  lib,
  pkgs,
  runCommand,
  sbom,
  # Has bin/syft.
  syft,
}:
runCommand "components"
  {
    nativeBuildInputs = [
      pkgs.gzip
      pkgs.jq
      sbomTool
      syft
    ];
    PYTHONPATH = sbomValidators;
    inherit sbom;
  }
  ''
    export HOME=$PWD TMPDIR=$PWD PYTHONDONTWRITEBYTECODE=1
    declare -A images=(${toString (lib.mapAttrsToList (name: image: "[${name}]=${image}") images)})
    validate() { ${lib.getExe' sbomValidators.interpreter "python3"} ${./components.py} "$@"; }
    source ${./components.sh}
    touch "$out"
  ''
