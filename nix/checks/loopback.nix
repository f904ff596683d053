# The app and the nginx in front of it, together in the build sandbox, by a real
# client over TLS. What needs containers is in ../../crates/workshop/stack-tests.
{
  lib,
  pkgs,
  name,
  port,
  readyPath,
  nginxConfig,
  app,
  nginx,
  keypair,
}:
let
  config = nginxConfig {
    upstream = "127.0.0.1:${toString port}";
    httpPort = 8080;
    httpsPort = 8443;
    tlsFolder = "/tmp/pair";
  };
in
pkgs.runCommand "loopback" { nativeBuildInputs = [ pkgs.curl ]; } ''
  mkdir none /tmp/pair
  ${lib.getExe keypair} --from none --to /tmp/pair --owner "$(id -u):$(id -g)"
  ${lib.getExe' app name} &
  app=$!
  ${lib.getExe nginx} -c ${config}/nginx.conf -e stderr -g 'daemon off;' &
  nginx=$!

  # A refused connection is one that is not open yet; everything else is an answer.
  fetch() {
    curl --silent --show-error --max-time 10 --retry 50 --retry-delay 1 --retry-max-time 30 --retry-connrefused \
      --cacert /tmp/pair/ca.crt --write-out '%{http_code} %{http_version}\n' --output body "$@" | tee answer
  }
  expect() { # TEXT
    grep --fixed-strings --line-regexp -- "$1" answer || { echo "expected: $1" >&2; cat body >&2; exit 1; }
  }

  fetch "http://127.0.0.1:${toString port}${readyPath}"
  expect "200 1.1"
  fetch "http://localhost:8080/where?to=there"
  expect "301 1.1"
  fetch --http2 "https://localhost:8443${readyPath}"
  expect "200 2"
  fetch --http3-only "https://localhost:8443${readyPath}"
  expect "200 3"

  # Both drain and end well.
  kill -QUIT "$nginx"
  wait "$nginx"
  kill -TERM "$app"
  wait "$app"
  touch "$out"
''
