# Every workflow of GitHub Actions, read by actionlint: its keys and their types, its
# expressions and the outputs that they name, and what could be slipped into a script. And
# no lock file of crates is without somebody who moves it on.
{ lib, pkgs }:
let
  files = lib.fileset.toSource {
    root = ../../..;
    fileset = ../../../.github;
  };
  # Folders that have a Cargo.lock, as Dependabot names them.
  locked =
    folder:
    let
      entries = builtins.readDir (../../.. + folder);
      below = name: if folder == "/" then "/${name}" else "${folder}/${name}";
    in
    lib.optional (entries ? "Cargo.lock") folder
    ++ builtins.concatMap (name: lib.optionals (entries.${name} == "directory") (locked (below name))) (
      builtins.attrNames entries
    );
in
pkgs.runCommand "workflows" { nativeBuildInputs = [ pkgs.actionlint ]; } ''
  cp -r ${files}/.github .
  # By this it knows where the actions are that stand here themselves.
  mkdir .git
  actionlint .github/workflows/*

  updated=$(sed -n '/package-ecosystem: cargo/,/schedule:/ s|^ *- \(/.*\)$|\1|p' .github/dependabot.yml | sort)
  locked=$(printf '%s\n' ${lib.escapeShellArgs (locked "/")} | sort)
  [ "$updated" = "$locked" ] || {
    echo ".github/dependabot.yml has the folders: $updated" >&2
    echo "and these have a Cargo.lock: $locked" >&2
    exit 1
  }
  touch "$out"
''
