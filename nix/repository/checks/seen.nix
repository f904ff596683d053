# README.md says of runs with the pinned inputs what ../../../docs/seen records, and says so
# when flake.lock has had other pins since.
{
  lib,
  pkgs,
  # Has bin/drydock-seen.
  seen,
}:
let
  page = ../../../README.md;
  lines = lib.optionals (builtins.pathExists page) (lib.splitString "\n" (builtins.readFile page));
  sentence =
    before:
    if before == [ ] then
      "nothing, and has no line before which `nix run .#seen` could write it"
    else if lib.hasPrefix "<!-- `nix run .#seen` writes" (builtins.head before) then
      builtins.elemAt before 1
    else
      sentence (builtins.tail before);
in
pkgs.runCommand "seen"
  {
    nativeBuildInputs = [ seen ];
    # This line alone: the rest of the page may change.
    sentence = sentence lines;
    record = ''
      revision = "0123456789abcdef0123456789abcdef01234567"
      nix = "2.34.0"
      engine = "29.1.0"

      [pins]
      crane = "cccc"
      nixpkgs = "nnnn"

      [passed]
      checks = 1
    '';
    lock = builtins.toJSON {
      root = "root";
      nodes = {
        root.inputs = {
          crane = "crane";
          nixpkgs = "nixpkgs";
        };
        crane.locked.rev = "cccc";
        nixpkgs.locked.rev = "nnnn";
      };
    };
  }
  ''
    is() { [ "$(drydock-seen sentence)" = "$1" ] || { echo "seen: it says: $(drydock-seen sentence)" >&2; echo "seen: instead of: $1" >&2; exit 1; }; }
    mkdir -p made/docs/seen
    cd made
    echo "$lock" > flake.lock
    is '`./drydock test` was not yet run with the pinned inputs; all that was run so far had the [offline](docs/OFFLINE.md) ones.'
    echo "$record" > docs/seen/x86_64-linux.toml
    is '`./drydock test` has passed with the pinned inputs on x86_64-linux [at 0123456789ab](docs/seen/x86_64-linux.toml), with Nix 2.34.0 and Docker Engine 29.1.0.'
    sed 's/29[.]1[.]0/28.5.0/; s/nnnn/oooo/' docs/seen/x86_64-linux.toml > docs/seen/aarch64-linux.toml
    is '`./drydock test` has passed with the pinned inputs on aarch64-linux [at 0123456789ab](docs/seen/aarch64-linux.toml), with Nix 2.34.0 and Docker Engine 28.5.0, and with older pins than flake.lock has now; on x86_64-linux [at 0123456789ab](docs/seen/x86_64-linux.toml), with Nix 2.34.0 and Docker Engine 29.1.0.'

    mkdir -p "$NIX_BUILD_TOP/real/docs"
    cd "$NIX_BUILD_TOP/real"
    cp ${../../../flake.lock} flake.lock
    ${lib.optionalString (builtins.pathExists ../../../docs/seen) "cp -r ${../../../docs/seen} docs/seen"}
    [ "$sentence" = "$(drydock-seen sentence)" ] || {
      echo "README.md says: $sentence" >&2
      echo "docs/seen and flake.lock say: $(drydock-seen sentence)" >&2
      echo "\`nix run .#seen -- write\` puts it right" >&2
      exit 1
    }
    touch "$out"
  ''
