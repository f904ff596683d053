# `./drydock down`
{ onStack }: onStack "down" [ ]
