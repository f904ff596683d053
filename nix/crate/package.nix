# What the manifest of one package says, by cargo's own rules
# (https://doc.rust-lang.org/cargo/reference/manifest.html).
{
  lib,
  # The folder that Cargo.lock is in.
  src,
  # The table `workspace` of the manifest there.
  workspace,
  # Gives the manifest in a folder, which is a text with a slash before each name: "", "/crates/web".
  manifestIn,
}:
folder:
let
  is = kind: path: builtins.pathExists path && builtins.readFileType path == kind;
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
  # Where its sources are, or null.
  repository = field "repository" null;
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
}
