# What is pushed is what was built, whoever pushes it: three clients and a real registry give the
# digest that the build gives, a second push ships nothing, and a day on which it goes wrong ends in
# a sentence and leaves no tag.
{
  digests,
  image,
  image-app,
  # The images by their last names.
  images,
  libdeflate,
  oci,
  pkgs,
  programs,
  repository,
  runCommand,
  # Has bin/oci-layout.
  asserter,
}:
runCommand "publish"
  {
    nativeBuildInputs = [
      libdeflate
      pkgs.cosign
      pkgs.curl
      pkgs.distribution
      pkgs.go-containerregistry
      pkgs.jq
      pkgs.nginx
      pkgs.oras
      pkgs.skopeo
      asserter
      programs.index
      programs.publish
    ];
    names = builtins.attrNames images;
    inherit
      digests
      image
      oci
      repository
      ;
    imageApp = image-app;
  }
  ''
    export HOME=$PWD TMPDIR=$PWD
    source ${./publish.sh}
    touch "$out"
  ''
