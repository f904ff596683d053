# `nix run .#publish -- [--sign KEY] DESTINATION TAG [LAYOUT]`: copies the images, blob by blob as they
# are, and prints the name by digest of each, which is the one that never comes to mean something
# else. The tag is moved when all of them are there, and signed if that was asked for.
{
  lib,
  writeShellApplication,
  coreutils,
  cosign,
  jq,
  oras,
  skopeo,
  # The images as an OCI image layout: see ../images/oci.nix.
  oci,
  # The images in it, by the last parts of their names.
  images,
  # The first part of their names.
  repository,
}:
writeShellApplication {
  name = "drydock-publish";
  runtimeInputs = [
    coreutils
    cosign
    jq
    oras
    skopeo
  ];
  text = ''
    names=(${lib.escapeShellArgs (builtins.attrNames images)})
    repository=${repository}
    layout=${oci}
  ''
  + builtins.readFile ./sign.sh
  + builtins.readFile ./publish.sh;
}
