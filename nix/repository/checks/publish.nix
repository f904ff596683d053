# Publishes to a folder, as to a registry: what is printed names what is there, and a
# second time it is the same.
{
  lib,
  pkgs,
  publish,
  # The images by their last names.
  images,
}:
pkgs.runCommand "publish"
  {
    nativeBuildInputs = [
      pkgs.jq
      publish
    ];
  }
  ''
    export HOME=$PWD TMPDIR=$PWD
    mkdir first second
    drydock-publish oci:first v1 > printed
    drydock-publish oci:second v1 | sed 's|^second/|first/|' | cmp - printed
    for name in ${lib.escapeShellArgs (builtins.attrNames images)}; do
      digest=$(jq --raw-output '.manifests[] | select(.annotations."org.opencontainers.image.ref.name" == "v1").digest' "first/$name/index.json")
      sha256sum "first/$name/blobs/sha256/''${digest#sha256:}" | grep "^''${digest#sha256:} "
      echo "first/$name@$digest"
    done | grep @ | cmp - printed

    refused() { # TEXT ARGUMENT...
      ! drydock-publish "''${@:2}" 2> output
      grep --fixed-strings -- "$1" output
    }
    refused "usage:" oci:first
    refused "DESTINATION is 'first'" first v1
    refused "TAG is 'a/b'" oci:first a/b
    touch "$out"
  ''
