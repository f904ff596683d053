# The image itself, once every stated fact holds of it; else the build stops and
# says which does not hold, and what was found. What takes an image takes it from
# here, so that one that breaks a fact cannot be had.
{
  lib,
  runCommand,
  writeText,
  # Has bin/image-facts.
  asserter,
  # The archive, as `docker load` reads it.
  image,
  # TOML files; what a later one states stands in the place of what an earlier one
  # says under the same key, but what it forbids is forbidden as well.
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
  add =
    all: file:
    let
      more = lib.importTOML file;
    in
    all
    // more
    // lib.genAttrs [ "forbidden-paths" "forbidden-content" ] (
      key: all.${key} or { } // more.${key} or { }
    );
  stated = writeText "facts.json" (builtins.toJSON (fill (builtins.foldl' add { } facts)));
  held =
    runCommand image.name
      {
        # Each fact of this very image can fail: it is changed in every way that they speak of.
        passthru.tests.doctored = runCommand "${image.name}-doctored" { } ''
          ${lib.getExe' asserter "doctor"} ${stated} ${held}
          touch "$out"
        '';
      }
      ''
        ${lib.getExe' asserter "image-facts"} ${stated} ${image} || {
          echo "The facts are stated in ${lib.concatMapStringsSep ", " baseNameOf facts}." >&2
          exit 1
        }
        # Not a copy: some are large.
        ln -s ${image} "$out"
      '';
in
held
