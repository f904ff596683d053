# What the pages name is there: files, headings, commands, outputs of the flake, checks, variables
# and measured figures. ./docs.py says how each is found.
{
  app,
  lib,
  # The binary's name.
  name,
  # Of the flake, by their kind.
  outputs,
  pkgs,
}:
let
  root = ../../..;
  # Every file's name; a change of what is in one is no business of this check.
  namesIn =
    folder:
    builtins.concatLists (
      lib.mapAttrsToList (
        name: type:
        if type == "directory" then
          namesIn "${folder}${name}/"
        else
          lib.optional (name != ".git") "${folder}${name}"
      ) (builtins.readDir (root + "/${folder}"))
    );
  pages = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.fileFilter (file: file.hasExt "md") root;
  };
  # Where variables are read, besides the service, which lists its own.
  sources = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      ../../../build.rs
      ../../../compose.dev.yaml
      ../../../compose.yaml
      ../../../crates/chassis/examples
      ../../../crates/workshop/stack-tests
      ../../../drydock
      ../../../front-door
      ../../commands
      ../../deploy
    ];
  };
  facts = ../../images/facts;
  known = pkgs.writeText "known.json" (
    builtins.toJSON {
      files = namesIn "";
      # The keys of facts, each of which has a row in docs/FACTS.md.
      stated = builtins.attrNames (
        builtins.foldl' (all: file: all // lib.importTOML (facts + "/${file}")) { } (
          builtins.attrNames (builtins.readDir facts)
        )
      );
      outputs = {
        packages = builtins.attrNames outputs.packages ++ [ "default" ];
        apps = builtins.attrNames outputs.apps ++ [ "default" ];
        devShells = builtins.attrNames outputs.devShells;
        checks = builtins.attrNames (
          outputs.checks
          # The names alone, which depend on no input.
          // import ../inputs {
            inputs = null;
            stackWith = null;
          }
        );
      };
    }
  );
in
pkgs.runCommand "docs"
  {
    nativeBuildInputs = [
      pkgs.jq
      pkgs.python314
    ];
  }
  ''
    words() { jq --raw-input --slurp 'split("\n") - [""]' | jq --compact-output unique; }
    commands=$(sed -n "/^usage() {/,/^TEXT/s/^  \([a-z-]*\) .*/\1/p" ${sources}/drydock | words)
    variables=$({ ${lib.getExe' app name} --help; find ${sources} -type f -exec cat {} +; } | grep -oE '\b[A-Z]+_[A-Z0-9_]*[A-Z0-9]\b' | words)
    jq --argjson commands "$commands" --argjson variables "$variables" '. + { $commands, $variables }' ${known} > facts.json

    # Of each kind one that is not there.
    mkdir wrong
    cat > wrong/README.md <<'PAGE'
    # A heading
    [a](README.md#a-heading) [b](nothing.md) [c](#nothing) [d][nothing]
    `./drydock nothing` `.#nothing` `nix run .#image-base` `checks.x86_64-linux.nothing` the check `nothing` 7 s ᵐ
    `APP_NOTHING` `DRYDOCK_NOTHING` `nix/nothing` `nothing.nix` `cat nix/nothing.nix`
    PAGE
    printf '\n%.0s' {1..160} >> wrong/README.md
    mkdir wrong/docs
    printf '| `user` |\n| `nothing` |\n' > wrong/docs/FACTS.md
    if python3 ${./docs.py} facts.json wrong > found; then
      echo "docs.py ends well whatever it finds" >&2
      exit 1
    fi
    sed -i 's/\(keys of nix.images.facts\): .*/\1/' found
    diff - found <<'FOUND'
    README.md:2: the link nothing.md leads to no file
    README.md:2: the link #nothing leads to no heading
    README.md:2: the link [nothing] is not defined
    README.md:3: ./drydock has no command nothing
    README.md:3: the flake has no output nothing
    README.md:3: the flake has no output image-base to run
    README.md:3: the flake has no output checks.x86_64-linux.nothing
    README.md:4: nobody reads the variable APP_NOTHING
    README.md:4: nobody reads the variable DRYDOCK_NOTHING
    README.md:4: there is no file nix/nothing
    README.md:4: there is no file nothing.nix
    README.md:4: there is no file nix/nothing.nix
    README.md:3: there is no check nothing
    docs/FACTS.md:1: its rows are not the keys of nix/images/facts
    README.md:3: docs/OFFLINE.md and docs/SPEED.md have no figure 7 s
    README.md:164: it has 164 lines, and 160 are what two screens have
    FOUND

    python3 ${./docs.py} facts.json ${pages} >&2
    touch "$out"
  ''
