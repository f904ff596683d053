# What the front door reads of a flake.nix, and of the flake.lock in the folder that it is called
# in: a line each for the name of the input that is Drydock, for where the flake says it is, and
# for what the lock pins, as JSON. Nothing where no input is Drydock.
flake:
let
  inputs = flake.inputs or { };
  urlOf = name: inputs.${name}.url or "";
  isDrydock =
    name: name == "drydock" || builtins.match "(.*[/:])?drydock([/?.#].*)?" (urlOf name) != null;
  found = builtins.filter isDrydock (builtins.attrNames inputs);
  name = if inputs ? drydock then "drydock" else builtins.head found;
  lock =
    if builtins.pathExists ./flake.lock then
      builtins.fromJSON (builtins.readFile ./flake.lock)
    else
      { };
  node = lock.nodes.${lock.root or "root"}.inputs.${name} or null;
  locked = if builtins.isString node then lock.nodes.${node}.locked or { } else { };
in
if found == [ ] then
  ""
else
  "${name}\n${urlOf name}\n${builtins.toJSON locked}\n${locked.type or ""}\n${locked.rev or ""}\n${locked.narHash or ""}\n"
