# `./drydock up`
{
  image-app,
  image-nginx,
  load,
  name,
  onStack,
  repository,
}:
onStack "up" [
  "service=${repository}/${name}"
  (load {
    "${repository}/${name}" = image-app;
    "${repository}/nginx" = image-nginx;
  })
  (builtins.readFile ./served.sh)
]
