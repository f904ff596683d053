# What cargo's manifests say of a crate, by cargo's own rules: which package is meant, which
# program of it, and what it says of itself
# (https://doc.rust-lang.org/cargo/reference/manifest.html and workspaces.html).
{
  lib,
  # The folder that Cargo.lock is in.
  src,
  # The settings of these names; null where cargo's rules have to say it.
  package ? null,
  name ? null,
}:
let
  refuse = sentence: throw "drydock: ${sentence}";
  listed = names: builtins.concatStringsSep ", " names;
  is = kind: path: builtins.pathExists path && builtins.readFileType path == kind;

  # A folder is a text with a slash before each name: "", "/crates/web".
  manifestIn =
    folder:
    if builtins.pathExists (src + "${folder}/Cargo.toml") then
      lib.importTOML (src + "${folder}/Cargo.toml")
    else
      refuse "there is no ${lib.removePrefix "/" "${folder}/Cargo.toml"} in the sources, which are what git knows${
        lib.optionalString (
          folder == "" && below != [ ]
        ) "; there is one in ${listed below}: the setting is src = ./${builtins.head below}"
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

  packageIn =
    folder:
    let
      manifest = manifestIn folder;
      own = manifest.package;
      # `version.workspace = true`
      field =
        name: default:
        let
          value = own.${name} or default;
        in
        if value.workspace or false then workspace.package.${name} or default else value;
      below =
        path:
        let
          whole = src + "${folder}/${path}";
        in
        if is "directory" whole then builtins.readDir whole else { };
      # By the file: a target that is stated may have one of these.
      found =
        lib.optionalAttrs (below "src" ? "main.rs") { "src/main.rs" = own.name; }
        // lib.concatMapAttrs (
          entry: kind:
          if kind == "directory" then
            lib.optionalAttrs (below "src/bin/${entry}" ? "main.rs") { "src/bin/${entry}/main.rs" = entry; }
          else
            lib.optionalAttrs (lib.hasSuffix ".rs" entry) {
              "src/bin/${entry}" = lib.removeSuffix ".rs" entry;
            }
        ) (below "src/bin");
      stated = builtins.listToAttrs (
        map (bin: lib.nameValuePair (bin.name or own.name) bin) (manifest.bin or [ ])
      );
    in
    {
      inherit folder;
      inherit (own) name;
      version = field "version" "0.0.0";
      # The oldest Rust that will do, or null.
      rust = field "rust-version" null;
      # An SPDX expression, or null where there is none: a file is none.
      license = field "license" null;
      programs = lib.unique (
        builtins.attrNames stated
        ++ lib.optionals (own.autobins or true) (
          builtins.attrValues (removeAttrs found (map (bin: bin.path or "") (manifest.bin or [ ])))
        )
      );
      default = own.default-run or null;
      # What `cargo build --bin` would ask for.
      featuresOf = program: stated.${program}.required-features or [ ];
      # The file that a program begins in, below the package's folder.
      mainOf =
        program:
        stated.${program}.path
          or (lib.findFirst (file: found.${file} == program) "src/main.rs" (builtins.attrNames found));
      # The files that its targets begin in, as far as a program is built of them.
      roots = builtins.filter (file: is "regular" (src + "${folder}/${file}")) (
        lib.unique (
          builtins.attrNames found
          ++ map (bin: bin.path) (builtins.filter (bin: bin ? path) (manifest.bin or [ ]))
          ++ [
            (manifest.lib.path or "src/lib.rs")
            (if builtins.isString (own.build or null) then own.build else "build.rs")
          ]
        )
      );
    };
  packages = map packageIn (builtins.filter (folder: manifestIn folder ? package) members);
  withPrograms = builtins.filter (package: package.programs != [ ]) packages;
  named = wanted: builtins.filter (package: package.name == wanted) packages;
  inFolders = folders: builtins.filter (package: builtins.elem package.folder folders) withPrograms;

  only = those: otherwise: if builtins.length those == 1 then builtins.head those else otherwise;
  chosen =
    if package != null then
      if named package == [ ] then
        refuse "the setting package is '${package}'; the packages here are ${
          listed (map (p: p.name) packages)
        }"
      else
        builtins.head (named package)
    else if withPrograms == [ ] then
      refuse "no package here has a program (src/main.rs, src/bin or [[bin]]); the packages are ${
        listed (map (p: p.name) packages)
      }"
    else if root ? package && (packageIn "").programs != [ ] then
      packageIn ""
    else
      only (inFolders (builtins.concatMap matching (workspace.default-members or [ ]))) (
        only withPrograms (
          let
            # A program's name may say which.
            has = builtins.filter (package: builtins.elem name package.programs) withPrograms;
          in
          only has (
            refuse "several packages here have a program; the setting package says which: ${
              listed (map (p: p.name) withPrograms)
            }"
          )
        )
      );
  program =
    if name != null then
      if builtins.elem name chosen.programs then
        name
      else
        refuse "the setting name is '${name}'; the programs of the package ${chosen.name} are ${listed chosen.programs}"
    else if chosen.programs == [ ] then
      refuse "the package ${chosen.name} has no program (src/main.rs, src/bin or [[bin]])"
    else if chosen.default != null then
      chosen.default
    else
      only chosen.programs (
        refuse "the package ${chosen.name} has several programs; the setting name says which the image starts: ${listed chosen.programs}"
      );
  # By the name of a crate of Cargo.lock: the names of those that it depends on, in any version.
  locked = builtins.foldl' (
    all: package:
    all
    // {
      ${package.name} =
        all.${package.name} or [ ]
        ++ map (dependency: builtins.head (lib.splitString " " dependency)) (package.dependencies or [ ]);
    }
  ) { } lock;
  parsed = lib.importTOML (src + "/Cargo.lock");
  lock = parsed.package or [ ];
in
if
  is "regular" (src + "/Cargo.lock")
  && builtins.any (lib.hasPrefix "checksum ") (builtins.attrNames (parsed.metadata or { }))
then
  refuse "Cargo.lock is of the first format, which has its checksums elsewhere: cargo generate-lockfile, or cargo update --workspace, writes it as it is now"
else if builtins.seq root (!is "regular" (src + "/Cargo.lock")) then
  refuse "there is no Cargo.lock in the sources, which are what git knows: cargo generate-lockfile makes it, and git add Cargo.lock adds it"
else
  {
    inherit (chosen)
      folder
      license
      rust
      version
      ;
    package = chosen.name;
    inherit program;
    features = chosen.featuresOf program;
    main = chosen.mainOf program;
    inherit (chosen) roots;
    # The folders of the packages in the sources that it is built on, and their names.
    local = map packageIn (
      builtins.filter (folder: folder != chosen.folder) (
        map ({ key }: key) (
          builtins.genericClosure {
            startSet = [ { key = chosen.folder; } ];
            operator = { key }: map (key: { inherit key; }) (near key);
          }
        )
      )
    );
    # All packages of the workspace.
    members = packages;
    # What Cargo.lock says of the chassis, or null.
    chassis = lib.findFirst (import ./is-chassis.nix) null lock;
    # Of Cargo.lock, what it is built on: by a crate's name, those that this depends on.
    dependencies = builtins.listToAttrs (
      map ({ key }: lib.nameValuePair key (locked.${key} or [ ])) (
        builtins.genericClosure {
          startSet = [ { key = chosen.name; } ];
          operator = { key }: map (key: { inherit key; }) (locked.${key} or [ ]);
        }
      )
    );
    # Whether a manifest states targets of a kind, such as "test": their files have to be there then.
    states = folder: kind: (manifestIn folder).${kind} or [ ] != [ ];
  }
