# The ACME client with a real authority, and with the edge as its image starts it: ./renewal.py asks
# all of them.
{
  acme,
  keypair,
  launch,
  lib,
  nginx,
  nginxConfig,
  pkgs,
}:
let
  config = nginxConfig {
    upstream = "127.0.0.1:9000";
    httpPort = 8080;
    httpsPort = 8443;
    tlsFolder = "/tmp/pair";
    edit = "substituteInPlace sites/http.conf --replace-fail /var/www/acme /tmp/www";
  };
in
pkgs.runCommand "renewal"
  {
    nativeBuildInputs = [
      acme
      keypair
      pkgs.pebble
      pkgs.python314
    ];
  }
  ''
    timeout 300 python3 ${./renewal.py} ${lib.getExe launch} ${config} /tmp ${lib.getExe nginx} -e stderr -g 'daemon off;'
    touch "$out"
  ''
