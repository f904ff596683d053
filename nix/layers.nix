# How an image is cut into layers: each store path is one, from what changes
# least to what changes most. The paths of `volatile` come last, in that order,
# so that a change of the last one ships one small layer and leaves all below it.
# The steps are those of dockerTools' layeringPipeline.
volatile:
let
  # What it depends on comes before what it is: libc, then the libraries.
  byPopularity = [
    [ "popularity_contest" ]
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
