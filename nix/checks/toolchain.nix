# The shells have the very toolchain that built the app in the image, and the very nginx
# that the image runs: the same store paths, so the same bytes. It is read from how each is
# built, so that nothing is built for it that only people use.
{
  pkgs,
  # The shells of `nix develop`, by name.
  devShells,
  app,
  image-app,
  image-nginx,
}:
let
  # How it is built, as Nix has it written down; not the thing itself.
  recipe = package: builtins.unsafeDiscardOutputDependency package.drvPath;
in
pkgs.runCommand "toolchain"
  {
    nativeBuildInputs = [ pkgs.jq ];
    app = recipe app;
    shells = map recipe (builtins.attrValues devShells);
  }
  ''
    fail() { echo "toolchain: $*" >&2; exit 1; }
    # What the image runs, as a store path: nginx is started by another program.
    started() { # ARCHIVE
      rm -rf image
      mkdir image
      tar -C image -xf "$1"
      jq --raw-output '[.config.Entrypoint[] | select(endswith("/bin/nginx"))][0] // .config.Entrypoint[0]' "image/$(jq --raw-output '.[0].Config' image/manifest.json)" | cut -d / -f 1-4
    }
    # The store paths in a recipe that are called like this. A shell may have its own in a
    # stdenv, which is a recipe too.
    named() { # NAME-PATTERN RECIPE
      { cat "$2"; { grep -oE '/nix/store/[^"]*-stdenv\.drv' "$2" || :; } | xargs -r cat; } |
        { grep -oE "/nix/store/[a-z0-9]{32}-$1([/\" :,;]|\\\\)" || :; } | sed 's|[^a-zA-Z0-9.+?=_-]$||' | sort -u
    }
    toolchain='(rust[a-z-]*|cargo|clippy|rustfmt)-[0-9][0-9.]*'

    program=$(started ${image-app})
    grep -qF "$program" "$app" || fail "the image starts $program, and $app builds another"
    built=$(named "$toolchain" "$app")
    [ -n "$built" ] || fail "$app names no toolchain"
    serves=$(started ${image-nginx})
    echo "the images have $program, built by $built, and $serves"
    for shell in $shells; do
      has=$(named "$toolchain" "$shell")
      [ "$has" = "$built" ] || fail "$shell has the toolchain ''${has:-(none)}, and the app was built by $built"
      has=$(named 'nginx(-[0-9][0-9.]*)?' "$shell")
      [ "$has" = "$serves" ] || fail "$shell has ''${has:-(no nginx)}, and the image runs $serves"
      echo "and so has $shell"
    done
    touch "$out"
  ''
