# The images as an OCI image layout, which a registry is given as it is: the configurations are
# those of the loadable archive, to the byte, and the layers are compressed here, by what compresses
# that. Beside it is what each is called by digest.
{
  lib,
  runCommand,
  jq,
  libdeflate,
  # Has bin/oci-layout.
  asserter,
  # The archive of all images.
  image,
}:
let
  oci = runCommand "oci" { nativeBuildInputs = [ libdeflate ]; } ''
    ${lib.getExe' asserter "oci-layout"} write ${image} "$out" libdeflate-gzip -12 -c
  '';
in
{
  inherit oci;
  digests = runCommand "digests" { nativeBuildInputs = [ jq ]; } ''
    jq --raw-output '.manifests[] | (.annotations."org.opencontainers.image.ref.name" | sub(":latest$"; "")) + "@" + .digest' \
      ${oci}/index.json > "$out"
  '';
}
