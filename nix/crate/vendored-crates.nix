# The crates of lock files, unpacked, and cargo's settings for them, as one store path.
# crane's own is a folder of links to a store path for each crate, and each of those would be a
# layer of an image.
{
  runCommand,
  # ./vendor.nix
  vendor,
  # Cargo.lock files.
  locks,
}:
let
  linked = vendor locks;
in
runCommand "crates" { } ''
  cp -rL ${linked} "$out"
  chmod -R u+w "$out"
  # The settings name the folders beside them.
  substituteInPlace "$out/config.toml" --replace-fail ${linked} "$out"
''
