# `./drydock dev`
{
  image-dev,
  load,
  onStack,
  repository,
}:
onStack "dev" [ (load { "${repository}/dev" = image-dev; }) ]
