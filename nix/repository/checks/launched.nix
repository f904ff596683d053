# The edge as its image starts it, where there is IPv6, and behind proxies: ./launched.py asks it.
{
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
  };
in
pkgs.runCommand "launched"
  {
    nativeBuildInputs = [
      pkgs.curl
      pkgs.python314
    ];
  }
  ''
    mkdir none /tmp/pair
    ${lib.getExe keypair} --from none --to /tmp/pair --owner "$(id -u):$(id -g)" > /dev/null
    timeout 120 python3 ${./launched.py} ${lib.getExe launch} ${config} /tmp ${lib.getExe nginx} -e stderr -g 'daemon off;'
    touch "$out"
  ''
