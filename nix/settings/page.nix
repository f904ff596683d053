# The table of ../../docs/ADOPT.md: a line of Markdown for each setting.
{ lib }:
let
  inherit (import ./types.nix { inherit lib; }) shown;
  rows = import ./rows.nix { inherit lib; };
  # A bar would be the end of a cell.
  cell = builtins.replaceStrings [ "|" ] [ "\\|" ];
  line =
    name: row:
    let
      default =
        if !(row ? default) then
          "must be given"
        else if builtins.isFunction row.default || row.default == { } then
          "none"
        else
          "`${shown row.default}`";
    in
    "| `${name}` | ${cell row.type.is} | ${cell default} | ${cell row.meaning} |";
in
lib.concatLines (
  [
    "| setting | what it may be | default | what it is for |"
    "| --- | --- | --- | --- |"
  ]
  ++ lib.mapAttrsToList line rows
)
