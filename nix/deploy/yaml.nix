# Writes a value as YAML: a line each, but for lists of texts and numbers. What is to be told first
# of a thing comes first, the rest by its name.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    elem
    filter
    genList
    isAttrs
    isList
    isString
    match
    ;
  first = [
    "apiVersion"
    "kind"
    "metadata"
    "name"
    "namespace"
    "labels"
    "image"
    "spec"
  ];
  ordered = set: filter (key: set ? ${key}) first ++ filter (key: !elem key first) (attrNames set);
  # What YAML 1.1 takes for something else than a text.
  words = [
    "false"
    "n"
    "no"
    "null"
    "off"
    "on"
    "true"
    "y"
    "yes"
  ];
  plain = text: match "[A-Za-z/][A-Za-z0-9/._-]*" text != null && !elem (lib.toLower text) words;
  scalar = value: if isString value && plain value then value else builtins.toJSON value;
  isDeep = value: isAttrs value && !(value ? octal) || isList value;
  # A mode of a file, as everybody writes it.
  leaf = value: if isAttrs value && value ? octal then value.octal else scalar value;
  pad = depth: concatStringsSep "" (genList (_: "  ") depth);
  after =
    depth: value:
    if value == { } || value == [ ] || !isDeep value then
      " ${leaf value}\n"
    else if isAttrs value then
      "\n${mapping depth value}"
    else if builtins.any isDeep value then
      "\n${sequence depth value}"
    else
      " [${lib.concatMapStringsSep ", " leaf value}]\n";
  mapping =
    depth: set:
    lib.concatMapStrings (key: "${pad depth}${scalar key}:${after (depth + 1) set.${key}}") (
      ordered set
    );
  sequence =
    depth:
    lib.concatMapStrings (
      item:
      if isAttrs item && item != { } && isDeep item then
        "${pad depth}- ${lib.removePrefix (pad (depth + 1)) (mapping (depth + 1) item)}"
      else
        "${pad depth}-${after (depth + 1) item}"
    );
in
mapping 0
