# The images as an OCI image layout, which a registry is given as it is: the configurations are
# those of the loadable archive, to the byte, and the layers are compressed here, by what compresses
# that. Beside it is what each is called by digest; in it, what is said of each (./statements.nix).
{
  lib,
  runCommand,
  jq,
  libdeflate,
  # Calls ./statements.nix.
  call,
  # Has bin/oci-layout.
  asserter,
  # The archive of all images.
  image,
}:
let
  layout = runCommand "layout" { nativeBuildInputs = [ libdeflate ]; } ''
    ${lib.getExe' asserter "oci-layout"} write ${image} "$out" libdeflate-gzip -12 -c
  '';
in
{
  oci = runCommand "oci" { } ''
    cp -r ${layout} "$out"
    chmod u+w "$out"
    cp -r ${call ./statements.nix { inherit layout; }} "$out/statements"
  '';
  digests = runCommand "digests" { nativeBuildInputs = [ jq ]; } ''
    jq --raw-output '.manifests[] | (.annotations."org.opencontainers.image.ref.name" | sub(":latest$"; "")) + "@" + .digest' \
      ${layout}/index.json > "$out"
  '';
}
