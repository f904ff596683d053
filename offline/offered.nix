# A check that the stand-ins offer nothing that the real inputs are not known to have: each name,
# and each argument by name of a function, is in ../nix/repository/inputs/manifest.toml.
{ runCommand }:
let
  manifest = builtins.fromTOML (builtins.readFile ../nix/repository/inputs/manifest.toml);
  lib = import ./nixpkgs/lib.nix { suite = "none"; };
  pkgs = import ./nixpkgs/packages.nix {
    inherit lib;
    system = "x86_64-linux";
    # Names come without anything of it.
    lock = { };
  };
  spaces = {
    inherit lib pkgs;
    "lib.fileset" = lib.fileset;
    "pkgs.dockerTools" = pkgs.dockerTools;
    "pkgs.testers" = pkgs.testers;
    "pkgs.stdenv" = pkgs.stdenv;
    "pkgs.stdenv.hostPlatform" = pkgs.stdenv.hostPlatform;
    "pkgs.stdenv.hostPlatform.parsed" = pkgs.stdenv.hostPlatform.parsed;
    "pkgs.stdenv.hostPlatform.parsed.cpu" = pkgs.stdenv.hostPlatform.parsed.cpu;
    "pkgs.stdenv.hostPlatform.rust" = pkgs.stdenv.hostPlatform.rust;
    crane = import ./crane/lib.nix pkgs;
  };
  # Sets that have a name themselves, and stdenv.cc, which is a package.
  known = [
    "pkgs.lib"
    "pkgs.pkgsStatic"
    "pkgs.stdenv.cc"
  ]
  ++ builtins.attrNames spaces;
  lines = path: [
    (manifest.names.${path} or { })
    (manifest.others.${path} or { })
  ];
  takes =
    path:
    builtins.concatMap (
      line: builtins.filter builtins.isString (builtins.split " " (line.takes or ""))
    ) (lines path);
  extra =
    space:
    builtins.concatMap (
      name:
      let
        path = "${space}.${name}";
      in
      if builtins.elem path known then
        [ ]
      else if builtins.all (line: line == { }) (lines path) then
        [ path ]
      else if builtins.all (argument: argument == "") (takes path) then
        [ ]
      else
        map (argument: "${path}(${argument})") (
          builtins.filter (argument: !builtins.elem argument (takes path)) (
            builtins.attrNames (builtins.functionArgs spaces.${space}.${name})
          )
        )
    ) (builtins.attrNames spaces.${space});
  offered = builtins.concatMap extra (builtins.attrNames spaces);
in
if offered == [ ] then
  runCommand "stand-ins" { } ''touch "$out"''
else
  throw "the stand-ins below offline offer ${toString offered}, and nix/repository/inputs/manifest.toml does not say where the real inputs have that"
