# The archive of an image, once every stated fact holds of it; else the build stops and
# says which does not hold, and what was found. An image is had from here alone, so that
# one that breaks a fact cannot be had.
{
  lib,
  runCommand,
  writeText,
  # Has bin/libdeflate-gzip, whose output is 4 % smaller than that of dockerTools' own gzip.
  libdeflate,
  # Has bin/image-facts.
  asserter,
  # ./base.nix made it.
  image,
  # TOML files; what a later one states stands in the place of what an earlier one
  # says under the same key, but what it forbids is forbidden as well.
  # ../../crates/workshop/image-facts/src/facts.rs says what each key means.
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
  archive =
    runCommand "${image.name}.tar${lib.optionalString image.compressed ".gz"}"
      {
        nativeBuildInputs = lib.optional image.compressed libdeflate;
        # Each fact of this very image can fail: it is changed in every way that they speak of.
        passthru.tests.doctored = runCommand "${image.name}-doctored" { } ''
          ${lib.getExe' asserter "doctor"} ${stated} ${archive}
          touch "$out"
        '';
      }
      ''
        # A regular file and no link: dockerTools' mergeImages looks at its type. In it is no
        # name and no time, and any engine takes it.
        ${image.stream} | ${if image.compressed then "libdeflate-gzip -12 -c" else "cat"} > "$out"
        ${lib.getExe' asserter "image-facts"} ${stated} "$out" || {
          echo "The facts are stated in ${lib.concatMapStringsSep ", " baseNameOf facts}." >&2
          exit 1
        }
      '';
in
archive
