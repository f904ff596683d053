# ../../nginx as a store path that this nginx has accepted with `nginx -t`.
{
  lib,
  runCommand,
  # ./places.nix
  places,
  nginx,
  # Makes the key pair that `nginx -t` reads.
  keypair,
  # The service behind the edge, as host:port.
  upstream,
  # The TCP and UDP ports that it listens on.
  httpPort ? 80,
  httpsPort ? 443,
  # The folder of tls.crt and tls.key, while it runs.
  tlsFolder ? "/etc/nginx/tls",
  # Shell commands that change the files once more.
  edit ? "",
}:
let
  source = lib.fileset.toSource {
    root = ../../nginx;
    fileset = lib.fileset.fileFilter (file: file.hasExt "conf") ../../nginx;
  };
  # Shell may stand in the new words.
  put =
    folder: new:
    lib.concatMapStringsSep "" (place: ''
      substituteInPlace ${folder}/${place.file} --replace-fail ${lib.escapeShellArg place.from} "${place.to}"
    '') (places new);
in
runCommand "nginx-config" { } ''
  cp -r ${source} "$out"
  chmod -R u+w "$out"
  pushd "$out" > /dev/null
  ${edit}
  popd > /dev/null

  # `nginx -t` opens the ports and reads the pair, so it is given ones that a
  # build may have.
  cp -r "$out" tested
  mkdir none pair
  ${lib.getExe keypair} --from none --to pair --owner "$(id -u):$(id -g)" > /dev/null
  ${put "tested" {
    inherit upstream;
    http = "8080";
    https = "8443";
    tls = "$PWD/pair/";
  }}
  ${lib.getExe nginx} -t -q -e stderr -c "$PWD/tested/nginx.conf"

  ${put "$out" {
    inherit upstream;
    http = toString httpPort;
    https = toString httpsPort;
    tls = "${tlsFolder}/";
  }}
''
