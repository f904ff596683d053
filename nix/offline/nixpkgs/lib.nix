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
in
rec {
  # nixpkgs says here which release it is; images carry it as a label.
  version = "26.05.debian-${suite}";

  fileContents = path: builtins.head (builtins.split "\n" (builtins.readFile path));
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
  toUpper = replaceStrings (splitString "," "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z") (
    splitString "," "A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q,R,S,T,U,V,W,X,Y,Z"
  );
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
  concatLines = concatMapStringsSep "" (line: line + "\n");
  escapeShellArg = value: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString value)}'";
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  makeBinPath = concatMapStringsSep ":" (package: "${package}/bin");
  getExe =
    package: getExe' package (package.meta.mainProgram or (throw "getExe: no meta.mainProgram"));
  getExe' = package: program: "${package}/bin/${program}";
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
