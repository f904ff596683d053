# The app and the nginx in front of it, together in the build sandbox, by a real
# client over TLS. What needs containers is in ../../crates/workshop/stack-tests.
{
  lib,
  pkgs,
  name,
  nginxConfig,
  app,
  nginx,
  keypair,
  launch,
  # ../images/layout.nix
  layout,
  # ./starting.nix
  starting,
  # The Unix socket that the service listens at, or null.
  socket,
  # The settings of these names: see ../settings/rows.nix.
  listen,
  port,
  ready,
  startPeriod,
}:
let
  # Programs listen at more ports than their own, such as 8443, and seldom at these.
  other = first: second: toString (if first == port then second else first);
  http = other 28180 28181;
  https = other 28182 28183;
  health = other 28184 28185;
  config = nginxConfig {
    upstream = if socket == null then "127.0.0.1:${toString port}" else "unix:${outside}";
    httpPort = http;
    httpsPort = https;
    healthPort = health;
    tlsFolder = "/tmp/pair";
  };
  inherit (starting) outside;
  listens =
    if socket == null then
      "(: < /dev/tcp/127.0.0.1/${toString port}) 2> /dev/null"
    else
      "[ -S ${outside} ]";
  path = if ready == null || ready == "tcp" then "/" else ready;
in
starting.run "loopback" ''
  mkdir none /tmp/pair /tmp/socket
  ${lib.getExe keypair} --from none --to /tmp/pair --owner "$(id -u):$(id -g)"

  # As in the image: an empty environment, a root that cannot be written to, and in it the files
  # that it reads.
  ${starting.files}
  bash ${./box.sh} ${starting.boxed} > output 2>&1 &
  app=$!
  ${starting.nobody}${lib.getExe launch} ${config} /tmp ${lib.getExe nginx} -e stderr -g 'daemon off;' &
  nginx=$!

  # What it says of an end has nothing to do with how the program starts.
  ends() {
    echo "loopback: the last lines that ${name} wrote:" >&2
    tail -n 20 output >&2
    echo "loopback: $*" >&2
  }
  fail() {
    ends "$@"
    # It is started once more, and is seen at it.
    { kill -KILL "$app" "$nginx"; wait "$app" "$nginx"; } 2> /dev/null || :
    ${starting.hints} > hints || :
    [ -s hints ] || bash ${../commands/hint.sh} ${name} output > hints
    cat hints >&2
    exit 1
  }
  # A refused connection is one that is not open yet; everything else is an answer.
  tries=0
  until ${listens}; do
    if ! kill -0 "$app" 2> /dev/null; then
      code=0
      wait "$app" || code=$?
      fail "${name} ended with $code before it listened at ${
        if socket == null then "port ${toString port}" else socket
      }"
    fi
    tries=$((tries + 1))
    [ "$tries" -le ${toString (10 * startPeriod)} ] || fail "${name} runs, and after ${toString startPeriod} seconds nothing listens at ${
      if socket == null then "port ${toString port}" else socket
    }; it listens at: $(
      sed -n '2,$p' /proc/net/tcp /proc/net/tcp6 2> /dev/null |
        while read -r _ local _ state _; do [ "$state" != 0A ] || echo "$((16#''${local##*:}))"; done |
        grep -vx -e ${http} -e ${https} -e ${health} | sort -un | paste -s -d ' '). The settings port and listen say where it is, and startPeriod how long that may take"
    sleep 0.1
  done
  ${lib.optionalString (listen == "all") ''
    # At which addresses, as the kernel writes them.
    sed -n '2,$p' /proc/net/tcp /proc/net/tcp6 2> /dev/null |
      while read -r _ local _ state _; do
        [ "$state ''${local#*:}" != "0A $(printf %04X ${toString port})" ] || echo "''${local%:*}"
      done > addresses
    grep -qvxE '0100007F|0{24}01000000' addresses || fail "${name} listens at 127.0.0.1 alone, and the edge is in another container"
  ''}
  fetch() {
    curl --silent --show-error --max-time 30 --retry 20 --retry-delay 1 --retry-max-time 30 --retry-connrefused \
      --cacert /tmp/pair/ca.crt --write-out '%{http_code} %{http_version} %header{proxy-status}\n' --output body "$@" > answer ||
      fail "no answer: curl $*"
    cat answer
  }
  expect() { # STATUS VERSION
    read -r status version whose < answer
    [ "$version" = "$2" ] || fail "HTTP/$2 was expected, and the answer is $(cat answer)"
    case $1 in
      # What the service says of itself, as a proxy may that has nobody behind it, is no fault of the edge.
      any) case $whose in edge\;*) fail "the edge has no answer of ${name}: $status" ;; esac ;;
      *) [ "$status" = "$1" ] || { cat body >&2; fail "$1 was expected, and the answer is $status"; } ;;
    esac
  }
  ${
    if ready == "tcp" then
      ""
    else
      ''
        fetch ${
          if socket == null then
            "\"http://127.0.0.1:${toString port}${path}\""
          else
            "--unix-socket ${outside} \"http://localhost${path}\""
        }
        expect ${if ready == null then "any" else "200"} 1.1
      ''
  }
  fetch "http://localhost:${http}/where?to=there"
  expect 301 1.1
  fetch --http2 "https://localhost:${https}${path}"
  expect ${if path == ready then "200" else "any"} 2
  fetch --http3-only "https://localhost:${https}${path}"
  expect ${if path == ready then "200" else "any"} 3

  # Both drain and end well.
  kill -QUIT "$nginx"
  wait "$nginx"
  code=0
  kill -s ${layout.signal} "$app" 2> /dev/null || {
    wait "$app" || code=$?
    fail "${name} has ended with $code, and its container would with it, whatever it has started in the background"
  }
  wait "$app" || code=$?
  case $code in
    0) ;;
    130 | 131 | 143) fail "${name} does not handle ${layout.signal}; the first process of a container, which it is there, would ignore it, and be killed after the grace period" ;;
    *) ends "${name} ended with $code at ${layout.signal}; an orderly end is 0" ;;
  esac
  [ "$code" = 0 ]
  touch "$out"
''
