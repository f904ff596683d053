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
  "service=${repository}/app name=${name} hint=${./hint.sh}"
  (load {
    "${repository}/app" = image-app;
    "${repository}/nginx" = image-nginx;
  })
  (builtins.readFile ./served.sh)
]
