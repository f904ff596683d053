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

  inherit (import ./workspace.nix { inherit lib src; })
    manifestIn
    matching
    near
    packageIn
    packages
    root
    workspace
    ;
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
  # What crates of Cargo.lock are built on: by a crate's name, those that this depends on.
  reached =
    of: names:
    builtins.listToAttrs (
      map ({ key }: lib.nameValuePair key (of key)) (
        builtins.genericClosure {
          startSet = map (key: { inherit key; }) names;
          operator = { key }: map (key: { inherit key; }) (of key);
        }
      )
    );
  dependencies = reached (name: locked.${name} or [ ]) [ chosen.name ];
  parsed = lib.importTOML (src + "/Cargo.lock");
  lock = parsed.package or [ ];
in
if
  is "regular" (src + "/Cargo.lock")
  && builtins.any (lib.hasPrefix "checksum ") (builtins.attrNames (parsed.metadata or { }))
then
  refuse "Cargo.lock is of the first format, which has its checksums elsewhere: cargo generate-lockfile, or cargo update --workspace, writes it as it is now"
else if builtins.seq root (!is "regular" (src + "/Cargo.lock")) then
  refuse "there is no Cargo.lock in the sources, which are what git knows: cargo generate-lockfile makes it, and git add --force Cargo.lock adds it, whatever .gitignore says"
else
  {
    inherit (chosen)
      folder
      license
      repository
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
    # Of Cargo.lock, what it is built on, and what others of its workspace are but by what it is.
    inherit dependencies;
    besides =
      let
        others = builtins.filter (name: !(dependencies ? ${name})) (map (p: p.name) packages);
        own = map (p: p.name) (builtins.filter (p: dependencies ? ${p.name}) packages);
      in
      reached (name: if builtins.elem name own then [ ] else locked.${name} or [ ]) others;
    # Whether a manifest states targets of a kind, such as "test": their files have to be there then.
    states = folder: kind: (manifestIn folder).${kind} or [ ] != [ ];
  }
