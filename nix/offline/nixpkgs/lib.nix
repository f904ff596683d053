# The part of nixpkgs' `lib` that nix/ and the other stand-ins use.
{ suite }:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    elem
    filter
    foldl'
    hasAttr
    isAttrs
    isString
    length
    listToAttrs
    match
    replaceStrings
    stringLength
    substring
    ;
in
rec {
  # nixpkgs says here which release it is; images carry it as a label.
  version = "26.05.debian-${suite}";

  inherit (builtins)
    attrValues
    concatStringsSep
    elem
    filter
    head
    isList
    mapAttrs
    ;
  fileContents = path: builtins.head (builtins.split "\n" (builtins.readFile path));
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  importJSON = path: builtins.fromJSON (builtins.readFile path);

  genAttrs =
    names: f:
    listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  filterAttrs =
    keep: set:
    listToAttrs (
      concatMap (
        name:
        if keep name set.${name} then
          [
            {
              inherit name;
              value = set.${name};
            }
          ]
        else
          [ ]
      ) (attrNames set)
    );
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  nameValuePair = name: value: { inherit name value; };
  concatMapAttrs = f: set: foldl' (all: name: all // f name set.${name}) { } (attrNames set);
  mergeAttrsList = foldl' (a: b: a // b) { };
  optionalAttrs = condition: set: if condition then set else { };
  isDerivation = value: value.type or null == "derivation";
  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  optionalString = condition: string: if condition then string else "";
  toList = value: if builtins.isList value then value else [ value ];
  unique = foldl' (seen: value: if elem value seen then seen else seen ++ [ value ]) [ ];

  hasPrefix = prefix: string: substring 0 (stringLength prefix) string == prefix;
  hasSuffix =
    suffix: string:
    let
      from = stringLength string - stringLength suffix;
    in
    from >= 0 && substring from (stringLength suffix) string == suffix;
  removePrefix =
    prefix: string:
    if hasPrefix prefix string then substring (stringLength prefix) (-1) string else string;
  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  concatLines = concatMapStringsSep "" (line: line + "\n");
  escapeShellArg = value: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString value)}'";
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  toShellVars =
    set: concatStringsSep "\n" (mapAttrsToList (name: value: "${name}=${escapeShellArg value}") set);

  getBin = package: package;
  makeBinPath = concatMapStringsSep ":" (package: "${package}/bin");
  getExe =
    package: getExe' package (package.meta.mainProgram or (throw "getExe: no meta.mainProgram"));
  getExe' = package: program: "${package}/bin/${program}";
  licenses.mit = {
    spdxId = "MIT";
  };

  # Sets of files below a root, as predicates on absolute paths.
  fileset =
    let
      # A file, or all below a folder; a set stays as it is.
      coerce =
        value:
        if isAttrs value && value ? contains then
          value
        else if !builtins.pathExists value then
          throw "lib.fileset: ${toString value} does not exist"
        else
          {
            contains = path: path == toString value || hasPrefix "${toString value}/" path;
          };
    in
    {
      unions =
        sets:
        let
          all = map coerce sets;
        in
        {
          contains = path: builtins.any (set: set.contains path) all;
        };
      maybeMissing = path: if builtins.pathExists path then coerce path else { contains = _: false; };
      difference = a: b: {
        contains = path: (coerce a).contains path && !(coerce b).contains path;
      };
      fileFilter = keep: root: {
        contains =
          path:
          hasPrefix "${toString root}/" path
          && keep {
            name = baseNameOf path;
            hasExt = extension: hasSuffix ".${extension}" path;
          };
      };
      toSource =
        { root, fileset }:
        let
          set = coerce fileset;
          # A folder is kept when something below it is.
          keep =
            path: type:
            if type == "directory" then
              builtins.any (name: keep "${path}/${name}" (builtins.readDir path).${name}) (
                attrNames (builtins.readDir path)
              )
            else
              set.contains path;
        in
        {
          outPath = builtins.path {
            path = root;
            name = "source";
            filter = keep;
          };
          __toString = self: self.outPath;
        };
    };
}
