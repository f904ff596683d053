# `./drydock diff A [B]`: how the components of the images differ, what a pull fetches, and the
# names by digest, of two revisions; of one and the working tree; or of two SBOMs.
{
  lib,
  writeShellApplication,
  coreutils,
  gnutar,
  oci,
  sbom,
  # Has bin/sbom.
  sbomTool,
}:
writeShellApplication {
  name = "drydock-diff";
  # git and nix are those of the caller, who has a clone and has started this.
  runtimeInputs = [
    coreutils
    gnutar
  ];
  text = ''
    tool=${lib.getExe sbomTool} sbom=${sbom} oci=${oci}
    ${builtins.readFile ./two-trees.sh}
    ${builtins.readFile ./diff.sh}
  '';
}
