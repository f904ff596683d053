# ../../nginx as a store path that this nginx has accepted with `nginx -t`.
{
  lib,
  runCommand,
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
  # The literals of ../../nginx, which is a working configuration as it stands.
  place = folder: values: ''
    substituteInPlace ${folder}/http/upstream.conf --replace-fail 'app:8000' '${values.upstream}'
    substituteInPlace ${folder}/sites/http.conf --replace-fail 'listen 80 ' 'listen ${toString values.httpPort} '
    substituteInPlace ${folder}/sites/https.conf --replace-fail 'listen 443 ' 'listen ${toString values.httpsPort} '
    substituteInPlace ${folder}/server/tls.conf --replace-fail /etc/nginx/tls/ "${values.tlsFolder}/"
  '';
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
  ${place "tested" {
    inherit upstream;
    httpPort = 8080;
    httpsPort = 8443;
    tlsFolder = "$PWD/pair";
  }}
  ${lib.getExe nginx} -t -q -e stderr -c "$PWD/tested/nginx.conf"

  ${place "$out" {
    inherit
      upstream
      httpPort
      httpsPort
      tlsFolder
      ;
  }}
''
