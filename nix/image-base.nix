# What all images are made from: a name, labels, and a user that is a number. The
# release images share no file but the probe, which is a layer as it is, so that the base
# holds none: it is this function, and the image that it makes of nothing.
{
  dockerTools,
  # Has bin/libdeflate-gzip.
  libdeflate,
  runCommand,
  # The first part of the images' names.
  repository,
  # What every image says of itself.
  labels,
}:
{
  # The second part of the name.
  name,
  # An SPDX expression.
  licenses,
  # As the image format has it; what is not stated is the base's.
  config ? { },
  # What changes most, the last of it most of all: see ./layers.nix.
  volatile ? [ ],
  # One of dockerTools' own; without, it is a gzip that is 4 % smaller than theirs.
  compressor ? null,
  # The rest is dockerTools' own.
  ...
}@image:
let
  archive = dockerTools.buildLayeredImage (
    removeAttrs image [
      "licenses"
      "volatile"
    ]
    // {
      compressor = if compressor == null then "none" else compressor;
      name = "${repository}/${name}";
      tag = "latest";
      layeringPipeline = import ./layers.nix volatile;
      config = {
        # Numeric, so that a runtime can see that it is not root; nobody, until somebody is named.
        User = "65534:65534";
      }
      // config
      // {
        Labels = labels // {
          "org.opencontainers.image.title" = "${repository}/${name}";
          "org.opencontainers.image.licenses" = licenses;
        };
      };
    }
  );
in
if compressor != null then
  archive
else
  # Any engine takes it, and in it is no name and no time.
  runCommand "${name}.tar.gz" { nativeBuildInputs = [ libdeflate ]; } ''
    libdeflate-gzip -12 -c ${archive} > "$out"
  ''
