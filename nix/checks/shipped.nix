# What is shipped is what was tested: the program that the image starts is the store path
# that the tests of app and nginx together have run, byte for byte.
{
  lib,
  pkgs,
  # The binary's name.
  name,
  app,
  image-app,
  # ./loopback.nix
  loopback,
}:
pkgs.runCommand "shipped"
  {
    nativeBuildInputs = [ pkgs.jq ];
    # What the test was built from, not what it gave: the paths that it names.
    test = builtins.unsafeDiscardOutputDependency loopback.drvPath;
    # It has passed.
    inherit loopback;
  }
  ''
    mkdir image
    tar -C image -xf ${image-app}
    shipped=$(jq --raw-output '.config.Entrypoint[0]' "image/$(jq --raw-output '.[0].Config' image/manifest.json)")
    tested=$(grep --only-matching --extended-regexp '/nix/store/[a-zA-Z0-9.+?=_-]+/bin/${name}\b' "$test" | sort -u)
    echo "tested:  $tested"
    echo "shipped: $shipped"
    [ "$tested" = "$shipped" ] || { echo "shipped: the image starts another program than the one that was tested" >&2; exit 1; }
    jq --raw-output '.[0].Layers[]' image/manifest.json | while read -r layer; do
      # dockerTools' layers name their files with the slash in front, other archives without.
      tar -xO --no-anchored --no-wildcards -f "image/$layer" "''${shipped#/}" 2> absent || continue
    done > program
    cmp program ${lib.getExe' app name} >&2 || { echo "shipped: in the image, $shipped has other bytes" >&2; exit 1; }
    touch "$out"
  ''
