# `./drydock up`
{
  loadAll,
  onStack,
}:
onStack "up" [
  loadAll
  (builtins.readFile ./served.sh)
  (builtins.readFile ./rolled-out.sh)
]
