# How an image is cut into layers: each store path is one, from what changes
# least to what changes most. The paths of `volatile` come last, in that order,
# so that a change of the last one ships one small layer and leaves all below it.
# The steps are those of dockerTools' layeringPipeline, which heeds no maxLayers.
volatile:
let
  # Engines take some 127 layers; these are counted without `volatile` and the links. What
  # fewest others refer to shares the last of them.
  most = 80;
  # What it depends on comes before what it is: libc, then the libraries.
  byPopularity = [
    [ "popularity_contest" ]
    [
      "limit_layers"
      most
    ]
    [ "reverse" ]
  ];
  splitOff = rest: path: [
    [
      "split_paths"
      [ (toString path) ]
    ]
    [
      "over"
      "rest"
      [
        "pipe"
        rest
      ]
    ]
  ];
in
builtins.foldl' splitOff byPopularity volatile
++ [
  [ "flatten" ]
  [ "reverse" ]
]
