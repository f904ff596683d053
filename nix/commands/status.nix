# `./drydock status`
{
  loadAll,
  onStack,
}:
onStack "status" [
  loadAll
  (builtins.readFile ./served.sh)
  (builtins.readFile ./rolled-out.sh)
]
