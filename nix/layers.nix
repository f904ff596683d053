# How an image is cut into layers: each store path is one, ordered from what
# changes least to what changes most, with `volatile` last. So a change of that
# path ships one layer. The steps are those of dockerTools' layeringPipeline.
volatile: [
  [
    "split_paths"
    (map toString volatile)
  ]
  [
    "over"
    "rest"
    [
      "pipe"
      [
        [ "popularity_contest" ]
        [ "reverse" ]
      ]
    ]
  ]
  [ "flatten" ]
  [ "reverse" ]
]
