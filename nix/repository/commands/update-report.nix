# `nix run .#update-report -- BEFORE`: what the working tree changes against the revision
# BEFORE for those who run it, as Markdown: for the text of a pull request that updates
# pins. Both are built, with the inputs that each has pinned.
{
  pkgs,
  # Has bin/drydock-update-text.
  updateText,
}:
pkgs.writeShellApplication {
  name = "drydock-update-report";
  # git and nix are those of the caller, who has a clone and has started this.
  runtimeInputs = [
    pkgs.jq
    updateText
  ];
  text = ''
    ${builtins.readFile ../../commands/two-trees.sh}
    [ $# = 1 ] || { echo "usage: drydock update-report BEFORE, a revision" >&2; exit 2; }
    enter_repository
    revision=$(named "$1") ||
      die "BEFORE is '$1', which is no revision of this repository; it may be a branch, a tag or a commit that is here"

    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -p "$folder"/{before,after}/tree
    working_tree "$folder/after/tree"
    tree_of "$revision" "$folder/before/tree"

    # Flags that the caller gives every nix command, one a line.
    mapfile -t flags < <(printf '%s' "''${DRYDOCK_NIX_FLAGS:-}")
    for side in before after; do
      (
        # A name of a folder would have to be quoted.
        cd "$folder/$side/tree"
        say "building the images of the tree $side"
        nix build --no-write-lock-file "''${flags[@]}" --out-link ../image path:.#image
        advisories=$(nix flake archive --json --no-write-lock-file "''${flags[@]}" path:. | jq --raw-output '.inputs."advisory-db".path')
        ln -s "$advisories" ../advisories
      ) || die "the tree $side cannot be built; the lines above say why"
    done
    drydock-update-text "$folder/before" "$folder/after"
  '';
}
