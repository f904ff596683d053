# `./drydock verify` on what a registry has: published, signed, built once more by a stranger, who signs
# as well. It is all that verify does, so that `./drydock test` runs it in the place of that.
{
  lib,
  pkgs,
  # The images as an OCI image layout.
  oci,
  programs,
  # The first part of the images' names.
  repository,
}:
pkgs.writeShellApplication {
  name = "drydock-verify-test";
  runtimeInputs = [
    pkgs.cosign
    pkgs.curl
    pkgs.distribution
    pkgs.jq
    pkgs.skopeo
    programs.publish
    programs.verify
  ];
  text = ''
    oci=${oci} repository=${repository}
    ${builtins.readFile ./verify-test.sh}
  '';
}
