# Which packages there are in the sources, by cargo's own rules
# (https://doc.rust-lang.org/cargo/reference/workspaces.html).
{
  lib,
  # The folder that Cargo.lock is in.
  src,
}:
let
  is = kind: path: builtins.pathExists path && builtins.readFileType path == kind;

  # A folder is a text with a slash before each name: "", "/crates/web".
  manifestIn =
    folder:
    if builtins.pathExists (src + "${folder}/Cargo.toml") then
      lib.importTOML (src + "${folder}/Cargo.toml")
    else
      throw "drydock: there is no ${lib.removePrefix "/" "${folder}/Cargo.toml"} in the sources, which are what git knows${
        lib.optionalString (folder == "" && below != [ ])
          "; there is one in ${builtins.concatStringsSep ", " below}: the setting is src = ./${builtins.head below}"
      }";
  # Folders at the top that have a manifest.
  below = builtins.filter (name: builtins.pathExists (src + "/${name}/Cargo.toml")) (
    builtins.attrNames (builtins.readDir src)
  );
  root = manifestIn "";
  workspace = root.workspace or { };

  parts = path: builtins.filter (part: part != "" && part != ".") (lib.splitString "/" path);
  # Where a path leads from a folder; null for what is outside of the sources.
  from =
    folder: path:
    let
      step =
        taken: part:
        if taken == null || part == ".." && taken == [ ] then
          null
        else if part == ".." then
          builtins.genList (builtins.elemAt taken) (builtins.length taken - 1)
        else
          taken ++ [ part ];
      steps = builtins.foldl' step [ ] (parts folder ++ parts path);
    in
    if lib.hasPrefix "/" path || steps == null then
      null
    else
      lib.concatMapStrings (part: "/${part}") steps;

  # The folders that a pattern of `members` means: `*` and `?` stand for what they do in a shell.
  matching =
    pattern:
    let
      expression =
        part:
        lib.concatMapStrings (
          piece:
          if piece == [ "*" ] then
            ".*"
          else if piece == [ "?" ] then
            "."
          else
            lib.escapeRegex piece
        ) (builtins.split "([*?])" part);
      step =
        folders: part:
        if builtins.match ".*[*?].*" part == null then
          map (folder: "${folder}/${part}") folders
        else
          builtins.concatMap (
            folder:
            let
              entries = builtins.readDir (src + folder);
              fits = name: entries.${name} == "directory" && builtins.match (expression part) name != null;
            in
            # What has no manifest is passed over where a pattern meets it.
            builtins.filter (folder: is "regular" (src + "${folder}/Cargo.toml")) (
              map (name: "${folder}/${name}") (builtins.filter fits (builtins.attrNames entries))
            )
          ) (builtins.filter (folder: is "directory" (src + folder) || folder == "") folders);
    in
    builtins.foldl' step [ "" ] (parts pattern);

  excluded = map (from "") (workspace.exclude or [ ]);
  isExcluded =
    folder:
    builtins.any (out: out != null && (folder == out || lib.hasPrefix "${out}/" folder)) excluded;
  # Besides those that are named: what a member depends on by a path below the workspace.
  members = map ({ key }: key) (
    builtins.genericClosure {
      startSet = map (key: { inherit key; }) (
        lib.optional (root ? package) ""
        ++ builtins.filter (folder: !isExcluded folder) (
          builtins.concatMap matching (workspace.members or [ ])
        )
      );
      operator = { key }: map (key: { inherit key; }) (builtins.filter (f: !isExcluded f) (near key));
    }
  );

  # The folders of what the package in a folder depends on by a path, in the sources.
  near =
    folder:
    let
      manifest = manifestIn folder;
      # A dependency may be of all targets, or of one.
      tables = [ manifest ] ++ builtins.attrValues (manifest.target or { });
      pathOf =
        name: dependency:
        let
          # `name.workspace = true`
          inherited = workspace.dependencies.${name} or { };
        in
        if dependency.workspace or false then
          lib.optional (inherited ? path) (from "" inherited.path)
        else
          lib.optional (dependency ? path) (from folder dependency.path);
    in
    builtins.filter (folder: folder != null && is "regular" (src + "${folder}/Cargo.toml")) (
      builtins.concatMap (
        table:
        builtins.concatMap (kind: builtins.concatLists (lib.mapAttrsToList pathOf (table.${kind} or { }))) [
          "dependencies"
          "dev-dependencies"
          "build-dependencies"
        ]
      ) tables
    );
  packageIn = import ./package.nix {
    inherit
      lib
      manifestIn
      src
      workspace
      ;
  };
in
{
  inherit
    manifestIn
    matching
    near
    packageIn
    root
    workspace
    ;
  packages = map packageIn (builtins.filter (folder: manifestIn folder ? package) members);
}
