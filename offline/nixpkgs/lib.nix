# The part of nixpkgs' `lib` that nix/ and the other stand-ins use.
{ suite }:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    elem
    foldl'
    isAttrs
    listToAttrs
    replaceStrings
    stringLength
    substring
    ;
  getBin = package: package.bin or package;
  letters =
    string:
    builtins.filter (one: one != "") (
      builtins.concatLists (builtins.filter builtins.isList (builtins.split "(.)" string))
    );
  small = letters "abcdefghijklmnopqrstuvwxyz";
  large = letters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
in
rec {
  # nixpkgs says here which release it is; images carry it as a label.
  version = "26.05.debian-${suite}";

  importTOML = path: builtins.fromTOML (builtins.readFile path);

  genAttrs =
    names: f:
    listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  nameValuePair = name: value: { inherit name value; };
  concatMapAttrs = f: set: foldl' (all: name: all // f name set.${name}) { } (attrNames set);
  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  optionalAttrs = condition: set: if condition then set else { };
  optionalString = condition: string: if condition then string else "";
  toList = value: if builtins.isList value then value else [ value ];
  unique = foldl' (seen: value: if elem value seen then seen else seen ++ [ value ]) [ ];

  escapeRegex =
    let
      special = [
        "\\"
        "["
        "{"
        "("
        ")"
        "^"
        "$"
        "?"
        "*"
        "+"
        "|"
        "."
      ];
    in
    replaceStrings special (map (character: "\\" + character) special);
  splitString =
    separator: string:
    builtins.filter builtins.isString (builtins.split (escapeRegex separator) string);
  inherit (builtins) warn;
  toUpper = replaceStrings small large;
  toLower = replaceStrings large small;
  hasPrefix = prefix: string: substring 0 (stringLength prefix) string == prefix;
  hasSuffix =
    suffix: string:
    let
      from = stringLength string - stringLength suffix;
    in
    from >= 0 && substring from (stringLength suffix) string == suffix;
  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  removePrefix =
    prefix: string:
    if hasPrefix prefix string then substring (stringLength prefix) (-1) string else string;
  removeSuffix =
    suffix: string:
    if hasSuffix suffix string then
      substring 0 (stringLength string - stringLength suffix) string
    else
      string;
  findFirst =
    fits: default: list:
    let
      found = builtins.filter fits list;
    in
    if found == [ ] then default else builtins.head found;
  concatMapStrings = concatMapStringsSep "";
  concatLines = concatMapStringsSep "" (line: line + "\n");
  escapeShellArg =
    value:
    let
      string = toString value;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" string == null then
      "'${replaceStrings [ "'" ] [ "'\\''" ] string}'"
    else
      string;
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  makeBinPath =
    packages:
    concatMapStringsSep ":" (package: "${getBin package}/bin") (
      builtins.filter (package: package != null) packages
    );
  getExe =
    package:
    getExe' package (
      package.meta.mainProgram
        or (throw "lib.getExe: ${package.name} has no meta.mainProgram; nixpkgs warns, and guesses")
    );
  getExe' =
    package: program:
    if !isAttrs package || builtins.match ".*/.*" program != null then
      throw "lib.meta.getExe': it takes a package, and a program's name without a slash"
    else
      "${getBin package}/bin/${program}";
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
            # What it was made of.
            bases = [ value ];
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
          bases = builtins.concatMap (set: set.bases) all;
          contains = path: builtins.any (set: set.contains path) all;
        };
      fileFilter = keep: root: {
        inherit (coerce root) bases;
        contains =
          path:
          hasPrefix "${toString root}/" path
          && keep {
            name = baseNameOf path;
            type = builtins.readFileType path;
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
          outside = builtins.filter (
            base: base != root && !hasPrefix "${toString root}/" (toString base)
          ) set.bases;
        in
        if !builtins.isPath root then
          throw "lib.fileset.toSource: the root is to be a path, and is ${builtins.typeOf root}"
        else if outside != [ ] then
          throw "lib.fileset.toSource: ${toString outside} is not below ${toString root}"
        else
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
