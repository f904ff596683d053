# The text of an update says what changes: of two small trees, two archives and two
# advisory databases, which are made here and differ in one thing of each kind.
{
  lib,
  pkgs,
  # Has bin/drydock-update-text.
  updateText,
}:
let
  # Where crates are from, as lock files have it.
  source =
    (builtins.head (
      builtins.filter (package: package ? source) (lib.importTOML ../../../Cargo.lock).package
    )).source;
in
pkgs.runCommand "update-report"
  {
    inherit source;
    nativeBuildInputs = [
      pkgs.jq
      updateText
    ];
  }
  ''
    # FOLDER NIXPKGS-REVISION
    tree() {
      mkdir -p "$1/tree/service" "$1/tree/tool/.cargo"
      jq --null-input --arg rev "$2" '{
        root: "root",
        nodes: {
          root: {inputs: {nixpkgs: "nixpkgs", crane: "crane"}},
          nixpkgs: {locked: {rev: $rev, lastModified: 86400}},
          crane: {locked: {rev: "cccccccccccccccccccc", lastModified: 0}}
        }
      }' > "$1/tree/flake.lock"
    }
    lock() { # FILE NAME VERSION...
      echo 'version = 4' > "$1"
      set -- "$1" service 0.1.0 "''${@:2}"
      file=$1
      shift
      while [ $# -gt 0 ]; do
        printf '\n[[package]]\nname = "%s"\nversion = "%s"\n' "$1" "$2" >> "$file"
        [ "$1" = service ] || echo "source = \"$source\"" >> "$file"
        shift 2
      done
    }
    advisory() { # FOLDER ID CRATE PATCHED
      mkdir -p "$1/crates/$3"
      printf '```toml\n[advisory]\nid = "%s"\npackage = "%s"\ndate = "2026-01-01"\n[versions]\npatched = [">= %s"]\n```\n\n# About %s\n\nText.\n' \
        "$2" "$3" "$4" "$3" > "$1/crates/$3/$2.md"
    }
    # FILE IMAGE STORE-PATH-NAME..., each a layer; a name may have its content after "=".
    archive() {
      file=$1 image=$2
      shift 2
      rm -rf image
      mkdir image
      layers='[]' diffs='[]'
      for each; do
        path=nix/store/$(printf '%s' "$each" | sha256sum | head -c 32)-''${each%%=*}
        mkdir -p "layer/$path"
        echo "$each" > "layer/$path/file"
        tar --sort=name --owner=0 --group=0 --mtime=@1 -C layer -cf image/layer.tar nix
        digest=$(sha256sum image/layer.tar | cut -d ' ' -f 1)
        mkdir "image/$digest"
        mv image/layer.tar "image/$digest/layer.tar"
        layers=$(jq --compact-output --arg layer "$digest/layer.tar" '. + [$layer]' <<< "$layers")
        diffs=$(jq --compact-output --arg layer "sha256:$digest" '. + [$layer]' <<< "$diffs")
        rm -rf layer
      done
      jq --null-input --compact-output --argjson diffs "$diffs" \
        '{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: $diffs}}' > config
      digest=$(sha256sum config | cut -d ' ' -f 1)
      mv config "image/$digest.json"
      jq --null-input --compact-output --arg image "$image" --arg config "$digest.json" --argjson layers "$layers" \
        '[{Config: $config, RepoTags: [$image], Layers: $layers}]' > image/manifest.json
      tar -C image -cf "$file" .
      echo "sha256:$digest"
    }
    says() { grep --quiet --fixed-strings --line-regexp -- "$1" output || { cat output >&2; echo "update-report: it does not say: $1" >&2; exit 1; }; }
    says_not() { ! grep --quiet --fixed-strings -- "$1" output || { cat output >&2; echo "update-report: it says: $1" >&2; exit 1; }; }

    tree before aaaaaaaaaaaaaaaaaaaa
    tree after bbbbbbbbbbbbbbbbbbbb
    lock before/tree/service/Cargo.lock mended 1.0.0 moved 1.0.0 dropped 1.0.0 ignored 1.0.0 kept 1.0.0
    lock after/tree/service/Cargo.lock mended 1.1.0 moved 2.0.0 ignored 1.0.0 kept 1.0.0 fresh 1.0.0
    lock before/tree/tool/Cargo.lock mended 1.0.0 ignored 1.0.0
    lock after/tree/tool/Cargo.lock mended 1.1.0 ignored 1.0.0
    echo '[advisories]
    ignore = ["RUSTSEC-2026-0005"]' | tee before/tree/tool/.cargo/audit.toml > after/tree/tool/.cargo/audit.toml
    for side in before after; do
      # The crate was moved past it.
      advisory $side/advisories RUSTSEC-2026-0001 mended 1.1.0
      advisory $side/advisories RUSTSEC-2026-0004 kept 9.0.0
      advisory $side/advisories RUSTSEC-2026-0005 ignored 9.0.0
      advisory $side/advisories RUSTSEC-2026-0006 fresh 9.0.0
      advisory $side/advisories RUSTSEC-2026-0009 absent 9.0.0
    done
    advisory after/advisories RUSTSEC-2026-0002 kept 9.0.0
    advisory after/advisories RUSTSEC-2026-0003 moved 2.0.0
    advisory before/advisories RUSTSEC-2026-0007 ignored 9.0.0
    advisory before/advisories RUSTSEC-2026-0008 dropped 9.0.0
    advisory after/advisories RUSTSEC-2026-0008 dropped 9.0.0
    old=$(archive before/image drydock/edge:latest glibc-2.42 nginx-1.30.5 openssl-3.5.1 nginx-config=old zlib-ng)
    new=$(archive after/image drydock/edge:latest glibc-2.42 nginx-1.30.6 nginx-config=new zlib-ng brotli-lib-1.2.0)

    drydock-update-text before after > output
    says '| nixpkgs | aaaaaaaaaaaa of 1970-01-02 | bbbbbbbbbbbb of 1970-01-02 |'
    says_not '| crane |'
    says '| nginx | 1.30.5 | 1.30.6 | drydock/edge:latest |'
    says '| openssl | 3.5.1 | gone | drydock/edge:latest |'
    says '| brotli-lib | not there | 1.2.0 | drydock/edge:latest |'
    says '| nginx-config | no version | no version (built anew) | drydock/edge:latest |'
    says_not '| glibc |'
    says '| mended | 1.0.0 | 1.1.0 | service/Cargo.lock, tool/Cargo.lock |'
    says '| dropped | 1.0.0 | gone | service/Cargo.lock |'
    says '| fresh | not there | 1.0.0 | service/Cargo.lock |'
    says_not '| kept | 1.0.0'
    says '| RUSTSEC-2026-0001 | About mended | mended 1.0.0 | service/Cargo.lock, tool/Cargo.lock | closed: mended is now 1.1.0 |'
    says '| RUSTSEC-2026-0002 | About kept | kept 1.0.0 | service/Cargo.lock | **opened**: published since |'
    says '| RUSTSEC-2026-0003 | About moved | moved 1.0.0 | service/Cargo.lock | published since, and closed: moved is now 2.0.0 |'
    says '| RUSTSEC-2026-0004 | About kept | kept 1.0.0 | service/Cargo.lock | still open |'
    says '| RUSTSEC-2026-0005 | About ignored | ignored 1.0.0 | service/Cargo.lock | still open |'
    says '| RUSTSEC-2026-0006 | About fresh | fresh 1.0.0 | service/Cargo.lock | **opened**: comes with this version |'
    says '| RUSTSEC-2026-0007 | About ignored | ignored 1.0.0 | service/Cargo.lock, tool/Cargo.lock | closed: the database has taken it back |'
    says '| RUSTSEC-2026-0008 | About dropped | dropped 1.0.0 | service/Cargo.lock | closed: dropped is gone |'
    says_not RUSTSEC-2026-0009
    says "| drydock/edge:latest | $old | $new |"
    grep --quiet '^An update ships [1-9][0-9]* bytes, compressed:$' output
    grep --quiet '^  re-shipped .* nginx-1.30.6$' output
    grep --quiet '^  same .* glibc-2.42$' output
    cp output "$out"

    drydock-update-text before before > output
    [ "$(grep --count --line-regexp 'None\.' output)" = 3 ]
    says "| drydock/edge:latest | $old | the same |"
    says 'An update ships 0 bytes, compressed:'

    rm -r after/advisories/crates
    drydock-update-text before after > output
    says 'Nothing was looked up: there is no advisory database on one of both sides.'

    refused() { # TEXT
      ! drydock-update-text before after > output 2>&1
      grep --fixed-strings -- "$1" output
    }
    echo '[' > after/tree/service/Cargo.lock
    mkdir after/advisories/crates
    refused "cargo-audit could not read"
    rm after/image
    refused "there is no image in"
  ''
