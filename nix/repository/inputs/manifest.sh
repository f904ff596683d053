#!/bin/sh
# Writes manifest.toml anew: a line for each name that is used, with what it was looked up to be
# at, or with a blank. From the top folder: sh nix/repository/inputs/manifest.sh
set -eu
manifest=$(dirname "$0")/manifest.toml
system=$(uname -m)-linux
uses=$(mktemp)
trap 'rm -f "$uses" "$uses.toml"' EXIT
./drydock nix eval ".#checks.$system.inputs-names.uses" 2>"$uses" >/dev/null || { cat "$uses" >&2; exit 1; }
awk '
  # The manifest first: what stands there of a name, and all before the names.
  NR == FNR { if (names && sub(/^"/, "")) at[substr($0, 1, index($0, "\"") - 1)] = $0; else print; if (/^\[names\]/) names = 1; next }
  sub(/^trace: uses /, "") {
    # "crane.cargoFmt(src)", "pkgs.nginx.override().meta.mainProgram"
    argument = ""
    if (match($0, /\([^()]+\)$/)) { argument = substr($0, RSTART + 1, RLENGTH - 2); $0 = substr($0, 1, RSTART - 1) }
    if (!($0 in used)) used[$0] = ""
    if (argument != "") used[$0] = used[$0] " " argument
  }
  END {
    for (name in used) {
      split(used[name], arguments, " "); takes = ""
      delete once
      count = 0
      for (i in arguments) if (!(arguments[i] in once)) { once[arguments[i]]; sorted[++count] = arguments[i] }
      for (i = 1; i <= count; i++) for (j = i + 1; j <= count; j++) if (sorted[j] < sorted[i]) { swap = sorted[i]; sorted[i] = sorted[j]; sorted[j] = swap }
      for (i = 1; i <= count; i++) takes = takes (i > 1 ? " " : "") sorted[i]
      place = ""
      if (match(at[name], /at = "[^"]*"/)) place = substr(at[name], RSTART + 6, RLENGTH - 7)
      line = "\"" name "\" = { at = \"" place "\""
      if (takes != "") line = line ", takes = \"" takes "\""
      print line " }" | "LC_ALL=C sort"
    }
  }' "$manifest" "$uses" >"$uses.toml"
cp "$uses.toml" "$manifest"
