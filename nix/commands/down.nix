# `./drydock down`
{ onStack }: onStack "down" [ (builtins.readFile ./rolled-out.sh) ]
