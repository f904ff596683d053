# What all images are made from: a name, labels, and a user that is a number. The
# release images share no file but the probe, which is a layer as it is, so that the base
# holds none: it is this function, and the image that it makes of nothing.
{
  dockerTools,
  lib,
  # The first part of the images' names.
  repository,
  # What every image says of itself.
  labels,
}:
{
  # The second part of the name.
  name,
  # An SPDX expression, or null.
  licenses,
  # As the image format has it; what is not stated is the base's.
  config ? { },
  # What changes most, the last of it most of all: see ./layers.nix.
  volatile ? [ ],
  # Whether its archive is: for a large one that takes longer than anything that is saved by it.
  compressed ? true,
  # The rest is dockerTools' own.
  ...
}@image:
{
  inherit compressed name;
  # Writes the archive to its standard output, so that the store has no copy of it as it is
  # before it is compressed.
  stream = dockerTools.streamLayeredImage (
    removeAttrs image [
      "compressed"
      "licenses"
      "volatile"
    ]
    // {
      name = "${repository}/${name}";
      tag = "latest";
      layeringPipeline = import ./layers.nix volatile;
      config = {
        # Numeric, so that a runtime can see that it is not root; nobody, until somebody is named.
        User = "65534:65534";
      }
      // config
      // {
        Labels =
          labels
          // {
            "org.opencontainers.image.title" = "${repository}/${name}";
          }
          // lib.optionalAttrs (licenses != null) { "org.opencontainers.image.licenses" = licenses; };
      };
    }
  );
}
