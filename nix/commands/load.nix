# Shell that loads images into the engine: archives by the images' names. Each alone, not the
# archive of all, which would have to be made of these first; and an engine that has one is left
# alone: after an edit, most of what is loaded is as it was.
{
  gnutar,
  gzip,
  jq,
  lib,
  runCommand,
}:
images:
let
  # What is in an archive, as an engine says it of the image: see ./images.sh. Tar gives
  # the members' names as they are in the archive.
  madeOf =
    archive:
    runCommand "made-of.json"
      {
        nativeBuildInputs = [
          gnutar
          gzip
          jq
        ];
      }
      ''
        config=$(tar -xOf ${archive} manifest.json | jq -r '.[0].Config')
        tar -xOf ${archive} "$config" | jq '{ layers: .rootfs.diff_ids, config }' > "$out"
      '';
in
''
  declare -A made=(${
    toString (lib.mapAttrsToList (name: archive: "[${name}]=${madeOf archive}") images)
  })
  # shellcheck disable=SC2034 # not all commands load them
  declare -A archives=(${
    toString (lib.mapAttrsToList (name: archive: "[${name}]=${archive}") images)
  })
  ${builtins.readFile ./images.sh}
''
