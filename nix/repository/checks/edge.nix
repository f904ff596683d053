# What a service of another repository can do behind the edge, by real clients over each version of
# HTTP: ./edge.py has the service and asks it. The edge has the settings' defaults, and some more.
{
  keypair,
  lib,
  mkCrane,
  mkRustBin,
  nginx,
  pkgs,
}:
let
  stack = import ../../stack.nix {
    inherit mkCrane mkRustBin pkgs;
    settings = {
      # Any crate will do: nothing of it is built.
      src = ../../../crates/probe;
      bodySize = "20m";
      caching."/static/" = "1d";
      edge = ./edge;
      redirects = {
        "/old" = "/new";
        "www.localhost" = "https://localhost";
      };
      services = {
        admin = {
          host = "admin.localhost";
          listen = "loopback";
          port = 9001;
          protocol = "https";
        };
        api = {
          path = "/api/";
          listen = "loopback";
          port = 9002;
        };
        deep = {
          path = "/api/deep";
          listen = "loopback";
          port = 9003;
        };
        # Nobody is there.
        nobody = {
          path = "/nobody/";
          listen = "loopback";
          port = 9004;
        };
      };
    };
  };
  config = stack.nginxConfig {
    upstream = "127.0.0.1:9000";
    httpPort = 8080;
    httpsPort = 8443;
    tlsFolder = "/tmp/pair";
  };
in
pkgs.runCommand "edge"
  {
    nativeBuildInputs = [
      pkgs.curl
      pkgs.python314
    ];
  }
  ''
    mkdir none /tmp/pair
    ${lib.getExe keypair} --from none --to /tmp/pair --owner "$(id -u):$(id -g)" > /dev/null
    ${lib.getExe nginx} -c ${config}/nginx.conf -e stderr -g 'daemon off;' > log &
    nginx=$!
    timeout 120 python3 ${./edge.py} || { tail -n 20 log >&2; exit 1; }
    kill -QUIT "$nginx"
    wait "$nginx"
    touch "$out"
  ''
