# The words of ../../nginx that say where it runs; it is a working configuration as it stands, in
# its container. `of` gives, for new words by their names, some of them or all, the substitutions:
# { file, from, to } for each; `apply` is shell that makes them in a folder, and shell may stand in
# them.
{ lib }:
let
  one = file: from: put: [ { inherit file from put; } ];
  same = to: to;
  # Each file that has the folder, which ends in a slash.
  below = folder: map (file: builtins.head (one file folder same));
  words = {
    # The service behind the edge, as host:port.
    upstream = one "http/upstream.conf" "app:8000" same;
    # The TCP ports that it listens on, and UDP for the second; or what nginx takes instead.
    http = one "sites/http.conf" "listen 80 " (to: "listen ${to} ");
    https = one "sites/https.conf" "listen 443 " (to: "listen ${to} ");
    # What a body may have, and how long the service may be silent.
    body = one "server/uploads.conf" "client_max_body_size    1m;" (
      to: "client_max_body_size    ${to};"
    );
    answer = one "server/proxy.conf" "proxy_read_timeout              35s;" (
      to: "proxy_read_timeout              ${to};"
    );
    # Where the health check asks.
    health = one "sites/health.conf" "127.0.0.1:8081" same;
    # The folder of tls.crt and tls.key.
    tls = below "/etc/nginx/tls/" [ "server/tls.conf" ];
    # The folder of assets/ and acme/.
    www = below "/var/www/" [
      "server/assets.conf"
      "server/errors.conf"
      "sites/http.conf"
    ];
    # What it writes, and nobody else.
    scratch = below "/tmp/" [
      "http/temp-files.conf"
      "main/process.conf"
    ];
    # Where a line for each request goes.
    log = one "http/access-log.conf" "/dev/stdout" same;
    # How many requests a connection to the service has.
    reuse = one "http/upstream.conf" "keepalive_requests  10000;" (to: "keepalive_requests  ${to};");
    # What follows the host in a redirect, where no container's name has it.
    redirect = one "sites/http.conf" ''default                         ""'' (to: ''default "${to}"'');
  };
  of =
    new:
    builtins.concatMap (
      name:
      map (word: {
        inherit (word) file from;
        to = word.put new.${name};
      }) words.${name}
    ) (builtins.attrNames new);
in
{
  inherit of;
  apply =
    folder: new:
    lib.concatMapStrings (one: ''
      substituteInPlace ${folder}/${one.file} --replace-fail ${lib.escapeShellArg one.from} "${one.to}"
    '') (of new);
}
