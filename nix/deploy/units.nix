# Sizes such as "64m", as engines read them, in the words of others.
let
  parts = builtins.match "([0-9]+)([kmg])";
  number = size: builtins.fromJSON (builtins.head (parts size));
  unit = size: builtins.elemAt (parts size) 1;
in
{
  bytes =
    size:
    number size
    * {
      k = 1024;
      m = 1024 * 1024;
      g = 1024 * 1024 * 1024;
    }
    .${unit size};
  # To Kubernetes m is a thousandth.
  kubernetes =
    size:
    toString (number size)
    + {
      k = "Ki";
      m = "Mi";
      g = "Gi";
    }
    .${unit size};
  # How a folder in memory is mounted: nobody else is in its container.
  inMemory = size: "size=${size},mode=1777,noexec,nosuid,nodev";
  # From nanoseconds, as the image format has them.
  seconds = nanoseconds: nanoseconds / 1000000000;
}
