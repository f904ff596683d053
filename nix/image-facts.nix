# Passes when every stated fact holds of an image, and else says which does not,
# and what was found.
{
  lib,
  runCommand,
  writeText,
  # Has bin/image-facts.
  asserter,
  # The archive, as `docker load` reads it.
  image,
  # TOML files, of which a later one may state what an earlier one leaves open;
  # ../image-facts/src/facts.rs says what each key means.
  facts,
  # What stands for `{name}` in the facts, by name.
  values,
}:
let
  fill =
    value:
    if builtins.isString value then
      builtins.replaceStrings (map (name: "{${name}}") (
        builtins.attrNames values
      )) (builtins.attrValues values) value
    else if builtins.isList value then
      map fill value
    else if builtins.isAttrs value then
      builtins.mapAttrs (_: fill) value
    else
      value;
  stated = fill (builtins.foldl' (all: file: all // lib.importTOML file) { } facts);
in
runCommand "${image.name}-facts" { } ''
  ${lib.getExe' asserter "image-facts"} ${writeText "facts.json" (builtins.toJSON stated)} ${image}
  touch "$out"
''
