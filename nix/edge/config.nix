# ../../nginx as a store path that this nginx has accepted with `nginx -t`, with what the settings
# lay over it.
{
  lib,
  runCommand,
  # ./substitutions.nix
  substitutions,
  # ./options.nix
  options,
  # ./source.nix
  edgeSource,
  nginx,
  # Makes the key pair that `nginx -t` reads.
  keypair,
  # The service behind the edge, as host:port.
  upstream,
  # The TCP and UDP ports that it listens on.
  httpPort ? 80,
  httpsPort ? 443,
  healthPort ? 8081,
  # The folder of tls.crt and tls.key, while it runs.
  tlsFolder ? "/etc/nginx/tls",
  # Shell commands that change the files once more.
  edit ? "",
}:
let
  common = {
    inherit upstream;
    health = "127.0.0.1:${toString healthPort}";
  };
in
runCommand "nginx-config" { } ''
  cp -r ${edgeSource} "$out"
  chmod -R u+w "$out"
  pushd "$out" > /dev/null
  ${lib.optionalString (options.own != null) ''
    # A file that nothing includes would have no effect, and nobody would know.
    find ${options.own} -type f -printf '%P\n' | sort | while read -r file; do
      case $file in
        events/*.conf | http/*.conf | main/*.conf | sites/*.conf | server/options/*.conf) ;;
        *)
          [ -e "$file" ] || {
            echo "drydock: the folder of the setting edge has $file, which nothing includes; it may have files of events/, http/, main/, sites/ and server/options/ that end in .conf, and in the place of those in nginx/: $(find server -maxdepth 1 -type f | sort | paste -s -d ' ')" >&2
            exit 1
          }
          ;;
      esac
    done
    cp -r --no-preserve=mode ${options.own}/. .
  ''}
  ${edit}
  popd > /dev/null

  # What ../../crates/launch starts: it includes the services as it finds them, and one form of the
  # sites: as they are, where there is IPv6 as well, and behind proxies that speak the PROXY protocol,
  # which there is not over QUIC.
  launched() { # FOLDER FILE
    local form
    cat "$1"/http/upstream*.conf > "$1/upstreams.conf"
    rm "$1"/http/upstream*.conf
    sed -i 's|^\( *\)include http/.*|&\n\1include upstreams.conf;|' "$1/nginx.conf"
    sed "/include sites/d; s|upstreams.conf|$2|" "$1/nginx.conf" > "$1/launched.conf"
    for form in ipv6 proxy ipv6-proxy; do
      sed "" "$1"/sites/*.conf > "$1/sites-$form.conf"
    done
    sed -i -E 's/^( *)listen +([0-9]+[ ;].*)/&\n\1listen [::]:\2/' "$1"/sites-ipv6*.conf
    sed -i -E '/^ *listen .* quic /d; /^ *add_header +Alt-Svc /d; s/^( *listen +(\[::]:)?[0-9]+( [^;]*)?);/\1 proxy_protocol;/' "$1"/sites*-proxy.conf
  }

  # `nginx -t` opens the ports and reads the pair, so it is given ones that a
  # build may have.
  cp -r "$out" tested
  mkdir none pair
  ${lib.getExe keypair} --from none --to pair --owner "$(id -u):$(id -g)" > /dev/null
  ${substitutions.apply "tested" (
    common
    // {
      http = "8080";
      https = "8443";
      tls = "$PWD/pair/";
    }
  )}
  # Sites of the team's own.
  listen() { # FOLDER HTTP HTTPS
    find "$1"/sites -type f -exec sed -i -E "s/\b(listen +)80([ ;])/\1$2\2/; s/\b(listen +)443([ ;])/\1$3\2/" {} +
  }
  listen tested 8080 8443
  launched tested edge.conf
  for sites in "sites/*" sites-ipv6 sites-proxy sites-ipv6-proxy; do
    { cat tested/upstreams.conf; printf 'include %s.conf;\n' "$sites" http/launched/metrics; } > tested/edge.conf
    ${lib.getExe nginx} -t -q -e stderr -c "$PWD/tested/launched.conf" < /dev/null 2> messages || {
      sed "s|$PWD/tested/||" messages >&2
      exit 1
    }
    cat messages >&2
  done

  ${substitutions.apply "$out" (
    common
    // {
      http = toString httpPort;
      https = toString httpsPort;
      tls = "${tlsFolder}/";
    }
  )}
  listen "$out" ${toString httpPort} ${toString httpsPort}
  launched "$out" /tmp/edge.conf
''
