# `./drydock up`
{
  loadAll,
  onStack,
  repository,
}:
onStack "up" [
  "service=${repository}/app"
  loadAll
  (builtins.readFile ./served.sh)
]
