# Calls the function in a file with those attributes of a scope that its arguments name, and with
# `more` in the place of some. So an argument is named where it is used, and nowhere between; one
# that has a default is what `more` says, since a name in the scope may mean something else.
scope: file: more:
let
  function = import file;
  arguments = builtins.functionArgs function;
  optional = builtins.filter (name: arguments.${name}) (builtins.attrNames arguments);
in
function (builtins.intersectAttrs (removeAttrs arguments optional) scope // more)
