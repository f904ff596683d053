# What of the sources goes into which build, so that a change of a file builds nothing anew that
# does not read it.
{
  lib,
  src,
  # ./cargo.nix
  crate,
  # The settings of these names: see ../settings/rows.nix.
  sources,
  testSources,
}:
let
  # By the name of a folder of Cargo's own for tests: the table that states what is in it.
  tables = {
    tests = "test";
    benches = "bench";
    examples = "example";
  };
  own = [ crate ] ++ crate.local;
  # Of the workspace, and no part of this.
  others = builtins.filter (
    package: !builtins.any (one: one.folder == package.folder) own
  ) crate.members;
  # Where a package is, as the beginning of a path below the sources.
  prefixOf = { folder, ... }: lib.optionalString (folder != "") "${lib.removePrefix "/" folder}/";
  isBelow = path: place: path == place || lib.hasPrefix "${place}/" path;
  # What of the sources only tests read; Cargo wants the files of the targets that are stated.
  ofTests = builtins.concatMap (
    package:
    map (place: "${prefixOf package}${place}") (
      builtins.filter (
        place: !(tables ? ${place} && crate.states package.folder tables.${place})
      ) testSources
    )
  ) own;
  # Nothing of these is compiled. Cargo's settings are the machine's, but for what is taken below.
  aside =
    path:
    builtins.match "(.*/)?(\\.git|\\.gitignore|\\.gitattributes|[^/]*\\.nix|\\.cargo/config(\\.toml)?)" path
    != null
    || builtins.match "(target|nginx/tls|\\.git|\\.github|\\.gitlab|\\.vscode|\\.idea)/.*" path != null
    ||
      builtins.match "flake\\.lock|drydock|\\.envrc|\\.editorconfig|\\.gitlab-ci\\.yml|(docker-)?compose[^/]*\\.ya?ml|(Docker|Container)file[^/]*|\\.dockerignore" path
      != null;
  always = [
    "Cargo.lock"
    "Cargo.toml"
  ]
  ++ map (package: "${prefixOf package}Cargo.toml") (own ++ others);
  wanted =
    path:
    if sources == null then
      !aside path
    else
      builtins.elem path always || builtins.any (isBelow path) sources;
  sourceOf =
    keep:
    import ./sources.nix {
      inherit src;
      keep =
        path:
        wanted path && keep path && !builtins.any (package: isBelow path "${prefixOf package}src") others;
    };
  # Cargo wants a package of its workspace to have something that it could build.
  emptied =
    package: keep:
    lib.concatMapStrings (
      file:
      let
        path = "${prefixOf package}${file}";
      in
      lib.optionalString (keep path) ''
        mkdir -p ${lib.escapeShellArg (dirOf path)}
        printf '//! Nothing.\nfn main() {}\n' > ${lib.escapeShellArg path}
      ''
    ) package.roots;
  withoutOthers = lib.concatMapStrings (
    package: emptied package (path: isBelow path "${prefixOf package}src")
  ) others;
  released = path: !builtins.any (isBelow path) ofTests;

  # The package itself, with nothing in it: what it is built on stays as it is when it is edited.
  isOfPackage =
    path:
    builtins.elem path (map (file: "${prefixOf crate}${file}") crate.roots)
    || builtins.any (place: isBelow path "${prefixOf crate}${place}") [
      "src"
      "templates"
    ];
  withoutPackage = withoutOthers + emptied crate (_: true);
in
{
  inherit
    isBelow
    isOfPackage
    prefixOf
    released
    sourceOf
    withoutOthers
    withoutPackage
    ;
}
