# The inputs as nix/stack.nix takes them, but so that each name that is taken from them, and
# each argument by name that goes into a function of them, is first told to `note`:
# `pkgs.jq`, `pkgs.jq.meta.mainProgram`, `crane.cargoFmt(src)`.
{
  # Gets a name and what it stands for, and gives the latter.
  note,
  # What nix/stack.nix takes.
  pkgs,
  mkCrane,
  mkRustBin,
}:
let
  # What has names in it, rather than being a value.
  spaces = [
    "crane"
    "lib"
    "lib.fileset"
    "pkgs"
    "pkgs.dockerTools"
    "pkgs.lib"
    "pkgs.pkgsStatic"
    "pkgs.pkgsStatic.stdenv"
    "pkgs.pkgsStatic.stdenv.cc"
    "pkgs.pkgsStatic.stdenv.hostPlatform"
    "pkgs.pkgsStatic.stdenv.hostPlatform.rust"
    "pkgs.stdenv"
    "pkgs.stdenv.cc"
    "pkgs.stdenv.hostPlatform"
    "pkgs.stdenv.hostPlatform.parsed"
    "pkgs.stdenv.hostPlatform.parsed.cpu"
    "pkgs.stdenv.hostPlatform.rust"
    "rust"
  ];
  # Of a package, what is more than its files.
  beyondFiles = {
    override = null;
    overrideAttrs = null;
    withPackages = null;
  };
  # What every package has, or may have.
  common = [
    "__spliced"
    "bin"
    "dev"
    "drvPath"
    "name"
    "out"
    "outPath"
    "outputName"
    "outputSpecified"
    "outputs"
    "system"
    "type"
  ];
  isPackage = value: builtins.isAttrs value && value.type or null == "derivation";
  isFunction = value: builtins.isFunction value || value ? __functor;

  each =
    path: set:
    builtins.mapAttrs (
      name: value:
      if set ? outPath && builtins.elem name common then
        value
      else if builtins.elem "${path}.${name}" spaces then
        wrap "${path}.${name}" value
      else
        note "${path}.${name}" (wrap "${path}.${name}" value)
    ) set;
  wrap =
    path: value:
    if path == "pkgs.lib" then
      each "lib" value
    else if builtins.elem path spaces then
      each path value // { unwrapped = value; }
    else if isPackage value then
      value
      // each path (builtins.intersectAttrs beyondFiles value)
      // {
        meta = each "${path}.meta" (value.meta or { });
      }
    else if isFunction value then
      call path value
    else
      value;
  # What goes into most of `lib` is data, and a build has variables of any name.
  call =
    path: function: argument:
    let
      named =
        (builtins.match "lib[.].*" path == null || path == "lib.fileset.toSource")
        && builtins.isAttrs argument
        && !(argument ? outPath);
      isVariable =
        name:
        builtins.match "[A-Z0-9_]+" name != null
        || path == "pkgs.runCommand" && (builtins.isString argument.${name} || isPackage argument.${name});
      names = builtins.filter (name: !isVariable name) (
        if named then builtins.attrNames argument else [ ]
      );
      result = function argument;
    in
    builtins.foldl' (value: name: note "${path}(${name})" value) (
      if path == "crane.overrideToolchain" then
        wrap "crane" result
      else if isFunction result then
        call path result
      else if isPackage result then
        wrap "${path}()" result
      else
        result
    ) names;
  # crane and rust-overlay take from nixpkgs what they like.
  given = pkgs: pkgs.unwrapped or pkgs;
in
{
  pkgs = wrap "pkgs" pkgs;
  mkCrane = pkgs: wrap "crane" (mkCrane (given pkgs));
  mkRustBin = pkgs: wrap "rust" (mkRustBin (given pkgs));
}
