# crane's mkDummySrc: the sources with nothing in them but what says what they depend on. Of each
# manifest that is kept which says so (lib/filters/cargoTomlConservative.nix there), and a dummy
# stands for every target that it states, and for those that Cargo finds by itself and that crane
# looks for: src/lib.rs, src/main.rs and src/bin.
{ build, lib }:
src:
let
  inherit (builtins)
    any
    attrNames
    concatMap
    elem
    filter
    isAttrs
    isList
    pathExists
    readDir
    ;

  # Fields of Cargo.toml that say nothing of dependencies.
  ofTarget = [
    "test"
    "doctest"
    "bench"
    "doc"
    "plugin"
    "required-features"
    "required_features"
  ];
  dropped = {
    "" = [
      "badges"
      "lints"
    ];
    package = [
      "authors"
      "autobenches"
      "autobins"
      "autoexamples"
      "autotests"
      "build"
      "categories"
      "default-run"
      "default_run"
      "description"
      "documentation"
      "exclude"
      "homepage"
      "include"
      "keywords"
      "license-file"
      "license_file"
      "license"
      "links"
      "metadata"
      "publish"
      "readme"
      "repository"
      "rust-version"
      "rust_version"
    ];
    workspace = [
      "lints"
      "metadata"
    ];
    lib = ofTarget;
    bin = ofTarget;
    example = ofTarget;
    test = ofTarget;
    bench = ofTarget;
  };
  cleaned =
    manifest:
    builtins.mapAttrs (
      table: value:
      let
        clean = set: removeAttrs set dropped.${table};
      in
      if !dropped ? ${table} then
        value
      else if isList value then
        map clean value
      else
        clean value
    ) (removeAttrs manifest dropped."");

  # A TOML document, each of whose lines is a key and its value.
  toTOML =
    let
      value =
        it:
        if isAttrs it then
          "{ ${
            builtins.concatStringsSep ", " (
              lib.mapAttrsToList (key: of: "${builtins.toJSON key} = ${value of}") it
            )
          } }"
        else if isList it then
          "[ ${builtins.concatStringsSep ", " (map value it)} ]"
        else
          builtins.toJSON it;
    in
    set: lib.concatLines (lib.mapAttrsToList (key: of: "${builtins.toJSON key} = ${value of}") set);

  # Nothing of the sources is kept that is not looked at here: what an edit leaves as it was builds
  # nothing anew.
  read = file: builtins.fromTOML (builtins.unsafeDiscardStringContext (builtins.readFile file));
  alone =
    file:
    builtins.path {
      path = src + "/${file}";
      name = baseNameOf file;
    };
  below =
    folder:
    let
      entries = readDir (src + "/${folder}");
    in
    concatMap (
      name:
      let
        path = if folder == "" then name else "${folder}/${name}";
      in
      if entries.${name} == "directory" then
        below path
      else if
        name == "Cargo.toml"
        ||
          elem name [
            "config"
            "config.toml"
          ]
          && baseNameOf folder == ".cargo"
      then
        [ path ]
      else
        [ ]
    ) (attrNames entries);
  found = below "";
  folders = map (file: if file == "Cargo.toml" then "." else dirOf file) (
    filter (file: baseNameOf file == "Cargo.toml") found
  );
  kept =
    filter (file: baseNameOf file != "Cargo.toml") found
    ++ lib.optional (pathExists (src + "/Cargo.lock")) "Cargo.lock";

  base = ''
    #![allow(clippy::all)]
    #![allow(dead_code)]
  '';
  dummyMain = build.writeText "dummy.rs" "${base}pub fn main() {}\n";
  # A crate of procedural macros has no other public function.
  dummyMacros = build.writeText "dummy.rs" base;
  # By its place: Cargo sees by it that the crate's own build script is another, since all files
  # in the store are of one time.
  dummyBuild = build.writeText "dummyBuild.rs" "${base}pub fn main() {}\n";

  targetsOf =
    crate: manifest:
    let
      of = sub: if pathExists (src + "/${crate}/${sub}") then readDir (src + "/${crate}/${sub}") else { };
      is =
        kind: sub: name:
        (of sub).${name} or "" == kind;
      bins = of "src/bin";
      foundBins = concatMap (
        name:
        if bins.${name} == "regular" then
          [ "src/bin/${name}" ]
        else
          lib.optional (
            bins.${name} == "directory" && pathExists (src + "/${crate}/src/bin/${name}/main.rs")
          ) "src/bin/${name}/main.rs"
      ) (attrNames bins);
      statedBin =
        target:
        target.path or (
          if
            target.name == manifest.package.name
            || any (file: elem file foundBins) [
              "src/bin/${target.name}.rs"
              "src/bin/${target.name}/main.rs"
            ]
          then
            null
          else
            "src/bin/${target.name}.rs"
        );
      stated =
        kind: folder: map (target: target.path or "${folder}/${target.name}.rs") (manifest.${kind} or [ ]);
    in
    lib.unique (
      lib.optional (is "regular" "src" "main.rs") "src/main.rs"
      ++ foundBins
      ++ filter (path: path != null) (map statedBin (manifest.bin or [ ]))
      ++ lib.optional (
        manifest ? lib || manifest.package.autolib or true && is "regular" "src" "lib.rs"
      ) (manifest.lib.path or "src/lib.rs")
      ++ stated "bench" "benches"
      ++ stated "example" "examples"
      ++ stated "test" "tests"
    );

  stub =
    folder:
    let
      manifest = cleaned (read (src + "/${folder}/Cargo.toml"));
      library = manifest.lib or { };
      isMacros =
        library ? proc-macro
        || library ? proc_macro
        || any (kind: elem kind (library.crate-type or [ ])) [
          "proc-macro"
          "proc_macro"
        ];
      dummy = if isMacros then dummyMacros else dummyMain;
      isPackage = manifest ? package;
      text = toTOML (
        manifest
        // lib.optionalAttrs isPackage {
          package = manifest.package // {
            build = "${dummyBuild}";
          };
        }
      );
    in
    ''
      mkdir -p ${lib.escapeShellArg folder}
      cp ${build.writeText "Cargo.toml" text} ${lib.escapeShellArg "${folder}/Cargo.toml"}
    ''
    + lib.optionalString isPackage (
      lib.concatLines (
        map (
          path:
          let
            place = lib.escapeShellArg "${folder}/${path}";
          in
          ''mkdir -p "$(dirname -- ${place})" && cp -f ${dummy} ${place}''
        ) (targetsOf folder manifest)
      )
    );
in
# Of the same name as the source, so that it is built in the same folder.
build.runCommand "source" { } ''
  mkdir "$out"
  cd "$out"
  ${lib.concatLines (
    map (
      file:
      let
        place = lib.escapeShellArg file;
      in
      ''mkdir -p "$(dirname -- ${place})" && cp ${alone file} ${place}''
    ) kept
  )}
  ${lib.concatLines (map stub folders)}
  chmod -R u+w .
''
