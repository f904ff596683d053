# ../../nginx with what the settings lay over it, but for the folder of the service's own: the part
# of the edge's configuration that no edit of the service's repository changes.
{
  lib,
  runCommand,
  # ./places.nix
  places,
  # ./options.nix
  options,
  # The settings of these names: see ../settings.nix.
  bodySize,
  timeout,
}:
let
  source = lib.fileset.toSource {
    root = ../../nginx;
    fileset = lib.fileset.unions (
      map (folder: lib.fileset.fileFilter (file: file.hasExt "conf") (../../nginx + "/${folder}")) [
        "events"
        "http"
        "main"
        "server"
        "sites"
      ]
      ++ [ ../../nginx/nginx.conf ]
    );
  };
in
runCommand "edge-source" { } ''
  cp -r ${source} "$out"
  chmod -R u+w "$out"
  cd "$out"
  ${lib.concatMapStrings (folder: ''
    cp -r --no-preserve=mode ${folder}/. .
  '') options.folders}
  ${places.put "." {
    body = bodySize;
    answer = "${toString timeout}s";
  }}
''
