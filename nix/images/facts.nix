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
  # TOML files, or sets of the same; what a later one states stands in the place of what an earlier one
  # says under the same key, but what it forbids is forbidden as well, and so with what it allows.
  # ../../crates/workshop/image-facts/src/facts.rs says what each key means.
  facts,
  # What stands for `{name}` in the facts, by name.
  values,
  # What ./components.nix gives, of an image every file of which is to be accounted for.
  components ? null,
  # The setting that has more of them, if there is one: see ../settings/rows.nix.
  setting ? null,
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
      # What a setting says is meant as it stands.
      more = if builtins.isAttrs file then file else fill (lib.importTOML file);
    in
    all
    // more
    // lib.genAttrs [ "forbidden-paths" "forbidden-content" "forbidden-environment" ] (
      key: all.${key} or { } // more.${key} or { }
    )
    // lib.genAttrs [ "allowed-paths" "allowed-content" "allowed-environment" ] (
      key: all.${key} or [ ] ++ more.${key} or [ ]
    );
  filled = builtins.foldl' add { } facts;
  stated = writeText "facts.json" (
    builtins.toJSON (
      filled
      // {
        components =
          if components == null then
            null
          else
            builtins.mapAttrs (_: part: { inherit (part) purl version; }) components.parts;
        # What there is nothing to say of has no label.
        labels = removeAttrs filled.labels (
          builtins.filter (label: filled.labels.${label} == "") (builtins.attrNames filled.labels)
        );
      }
    )
  );
  said =
    if setting == null then
      "The facts are stated in ${
        lib.concatMapStringsSep ", " baseNameOf (builtins.filter (file: !builtins.isAttrs file) facts)
      }."
    else
      "drydock: what is meant to be so goes, in such lines, into a file of yours that the setting ${setting} names: ${setting} = ./${setting}.toml";
  archive =
    runCommand "${image.name}.tar${lib.optionalString image.compressed ".gz"}"
      {
        nativeBuildInputs = lib.optional image.compressed libdeflate;
        passthru = { inherit components; };
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
        ${lib.getExe' asserter "image-facts"} ${stated} "$out" 2> found || {
          cat found >&2
          echo ${lib.escapeShellArg said} >&2
          # What the lines above have in them, once for each key.
          for key in allowed-paths allowed-content allowed-environment; do
            sed -nE "s/.*; $key = \[(.*)\] lets it pass$/\1/p" found | sort -u | paste -s -d , | sed -n "s/,/, /g; s/..*/$key = [&]/p" >&2
          done
          exit 1
        }
      '';
in
archive
