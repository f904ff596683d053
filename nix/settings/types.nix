# What the value of a setting may be, in words and as a function, and how a value is written in a
# sentence.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    attrValues
    concatStringsSep
    elem
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isPath
    isString
    match
    ;
in
rec {
  # What a value may be, in words and as a function.
  type = is: accepts: { inherit accepts is; };
  text = type "a text" isString;
  boolean = type "true or false" isBool;
  number = type "a whole number above 0" (value: isInt value && value > 0);
  port = type "a number from 1 to 65535" (value: isInt value && value > 0 && value < 65536);
  folder = type "a path, such as ./. or self" (
    value:
    isPath value || (isAttrs value && value ? outPath) || isString value && lib.hasPrefix "/" value
  );
  file = folder // {
    is = "a path to a file";
  };
  packages = type "a function of the package set that gives a list, such as pkgs: [ pkgs.openssl ]" (
    value: isFunction value
  );
  matching = is: expression: type is (value: isString value && match expression value != null);
  oneOf =
    texts:
    type "one of ${concatStringsSep ", " (map (text: "\"${text}\"") texts)}" (value: elem value texts);
  list = of: type "a list, and each in it ${of.is}" (value: isList value && all of.accepts value);
  # A set by the forms of its names and of its values.
  named =
    name: nameForm: value: valueForm:
    type "a set of ${value} by ${name}" (
      given:
      isAttrs given
      && all (one: match nameForm one != null) (attrNames given)
      && all (one: isString one && match valueForm one != null) (attrValues given)
    );
  orNull = of: type "${of.is}, or null" (value: value == null || of.accepts value);
  absolute =
    type
      "an absolute path of letters, digits, . _ and -, such as \"/data\", and not below /nix, /bin, /etc, /proc, /sys or /dev"
      (
        value:
        isString value
        && match "(/\\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)+" value != null
        && match "/(nix|bin|etc|proc|sys|dev)(/.*)?" value == null
      );
  # Of the sources: what is beside them is somebody else's.
  below = type "a path below the sources, such as \"static\"" (
    value: isString value && match "[^/].*" value != null && match "(.*/)?\\.\\.(/.*)?" value == null
  );
  urlPath = type "a path such as \"/api/\", of letters, digits, . _ ~ / and -" (
    value: isString value && match "/[A-Za-z0-9._~/-]+" value != null
  );
  host = type "a host's name" (
    value: isString value && match "[a-z0-9]([a-z0-9.-]*[a-z0-9])?" value != null
  );

  # A value in a sentence.
  shown =
    value:
    if isFunction value then
      "a function"
    else if isAttrs value && !(value ? outPath) then
      "a set"
    else if isList value then
      "[ ${concatStringsSep " " (map shown value)} ]"
    else if isPath value then
      toString value
    else
      builtins.toJSON value;
}
