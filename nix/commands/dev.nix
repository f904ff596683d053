# `./drydock dev`
{
  # ../compose-dev.nix, as a file
  composeDevFile,
  image-dev,
  load,
  onStack,
  repository,
}:
onStack "dev" [
  "rendered_dev=${composeDevFile}"
  (load { "${repository}/dev" = image-dev; })
]
