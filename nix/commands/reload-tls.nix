# `./drydock reload-tls`
{ onStack }: onStack "reload-tls" [ (builtins.readFile ./served.sh) ]
