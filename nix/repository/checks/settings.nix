# What each setting takes and refuses: a value, for each of its forms.
{ lib, pkgs }:
let
  inherit (import ../../settings/check.nix { inherit lib; }) check;
  rows = import ../../settings/rows.nix { inherit lib; };
  takes =
    given: (builtins.tryEval (builtins.deepSeq (check (given // { src = ./.; })).port true)).success;
  good = {
    arguments = [ "serve" ];
    bodySize = "100m";
    caching."/static/" = "1d";
    edge = ./edge;
    edgeMetrics = 9465;
    environment.LOG = "info";
    features = [ "tls" ];
    files = [ "static" ];
    headers = "strict";
    libraries = pkgs: [ pkgs.openssl ];
    listen = "loopback";
    memory = "1g";
    metrics = 9464;
    port = 65535;
    protocol = "https";
    ready = "tcp";
    redirects = {
      "/old" = "/new";
      "www.example.org" = "https://example.org";
    };
    registry = "images.example.org:5000/team/web";
    repository = "team/hello-web";
    seccomp = "chassis";
    secrets = [ "API_KEY" ];
    services.api = {
      package = "api";
      path = "/api/";
    };
    writable = [ "/data" ];
  };
  bad = {
    arguments = "serve";
    bodySize = "100 MB";
    caching."static" = "1d";
    edge = "edge";
    edgeMetrics = "0.0.0.0:9465";
    environment.LOG = 1;
    features = "tls";
    files = [ 1 ];
    headers = "none";
    libraries = [ ];
    listen = "0.0.0.0:80";
    memory = 512;
    metrics = "none";
    port = 65536;
    protocol = "h2c";
    ready = "readyz";
    redirects."/old" = "/new; return 200";
    registry = "https://images.example.org/team";
    repository = "Team/Hello";
    seccomp = "minimal";
    secrets = [ "API-KEY" ];
    services.api.package = "api";
    writable = [ "data" ];
    nothing = 1;
  };
  # What leads out of the sources, into the image's own, or into another syntax.
  outside = [
    { files = [ "../secret" ]; }
    { files = [ "a/../../b" ]; }
    { sources = [ "/etc" ]; }
    { writable = [ "/nix/store" ]; }
    { writable = [ "/a/../etc" ]; }
    { writable = [ "/a b" ]; }
    { writable = [ "/a/.." ]; }
    { writable = [ "/./a" ]; }
    { listen = "/http.socket"; }
    { listen = "/etc/http.socket"; }
    { listen = "/run/../etc/a"; }
    { environment."A B" = "x"; }
    { redirects."/a" = "/$host"; }
    { caching."/a;" = "1d"; }
    { services.nginx.path = "/a"; }
    { services.Api.path = "/a"; }
    { services.api.path = "/a b"; }
    { services.api.host = "a;b"; }
    {
      services.api = {
        path = "/a";
        host = "a.example.org";
      };
    }
    {
      services.api = {
        path = "/a";
        headers = "strict";
      };
    }
    {
      services.api = {
        path = "/a";
        port = 0;
      };
    }
    {
      listen = "loopback";
      port = 8081;
    }
    {
      services.api = {
        path = "/a";
        listen = "loopback";
        port = 443;
      };
    }
    {
      listen = "loopback";
      services.api = {
        path = "/a";
        listen = "loopback";
      };
    }
    {
      protocol = "https";
      ready = "/health";
    }
    {
      metrics = 8080;
    }
    {
      listen = "loopback";
      metrics = 443;
    }
    { edgeMetrics = 443; }
    {
      listen = "loopback";
      edgeMetrics = 8080;
    }
  ];
  # Of what is refused above, the half that is right.
  inside = [
    { port = 8081; }
    { metrics = 443; }
    { edgeMetrics = 8080; }
    { writable = [ "/.config" ]; }
    {
      services.api = {
        path = "/a";
        port = 443;
      };
    }
    {
      listen = "loopback";
      services.api = {
        path = "/a";
        listen = "loopback";
        port = 8082;
      };
    }
    {
      listen = "loopback";
      services.api.path = "/a";
    }
  ];
  wrong =
    builtins.filter (name: !takes { ${name} = good.${name}; }) (builtins.attrNames good)
    ++ builtins.filter (name: takes { ${name} = bad.${name}; }) (builtins.attrNames bad)
    ++ builtins.filter takes outside
    ++ builtins.filter (given: !takes given) inside
    ++ lib.optional (builtins.tryEval (builtins.deepSeq (check { }).port true)).success "src";
  # A default is one of its own forms.
  defaults = builtins.filter (
    name: rows.${name} ? default && !rows.${name}.type.accepts rows.${name}.default
  ) (builtins.attrNames rows);
in
if wrong ++ defaults == [ ] then
  pkgs.runCommand "settings" { } ''touch "$out"''
else
  throw "settings: nix/settings/rows.nix takes or refuses otherwise than it should: ${
    builtins.toJSON (wrong ++ defaults)
  }"
