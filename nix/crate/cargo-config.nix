# What the crate's own .cargo/config.toml is taken for: variables, and conditions. What is linked
# how, and for which processor, is not its machine's business.
{ lib, src }:
let
  configured =
    let
      file = lib.findFirst builtins.pathExists null [
        (src + "/.cargo/config.toml")
        (src + "/.cargo/config")
      ];
    in
    if file == null then { } else lib.importTOML file;
in
{
  # Whether there is any.
  isThere = configured != { };
  variables = builtins.mapAttrs (
    _: value:
    if builtins.isAttrs value then
      lib.optionalString (value.relative or false) "/build/source/" + value.value
    else
      value
  ) (configured.env or { });
  conditions =
    let
      words =
        flags:
        if builtins.isString flags then
          builtins.filter (word: word != "") (lib.splitString " " flags)
        else
          flags;
      of =
        flags:
        builtins.concatLists (
          builtins.genList (
            at:
            let
              word = builtins.elemAt flags at;
            in
            if lib.hasPrefix "--cfg=" word then
              [ word ]
            else if word == "--cfg" && at + 1 < builtins.length flags then
              [ "--cfg=${builtins.elemAt flags (at + 1)}" ]
            else
              [ ]
          ) (builtins.length flags)
        );
    in
    lib.unique (
      builtins.concatMap (place: of (words (place.rustflags or [ ]))) (
        [ (configured.build or { }) ] ++ builtins.attrValues (configured.target or { })
      )
    );
}
