# shellcheck shell=bash disable=SC2154 # stack.sh assigns https, and files.sh place
# What nginx serves, and what it is to serve: the pair in the volume, which `tls` puts there.

# The certificate that a new connection gets; empty where none is made.
served() {
  timeout 5 openssl s_client -connect "$place:$https" -servername localhost </dev/null 2>/dev/null |
    openssl x509 2>/dev/null || true
}

# Prints the leaf in the volume.
wanted() { compose cp nginx:/etc/nginx/tls/tls.crt - 2>/dev/null | tar -xO | openssl x509; }

# Has nginx read the volume, and waits until a new connection gets the leaf in it.
serve() { # LEAF
  local container nginx tries=0
  # From inside, and not by `docker kill`: after that an engine may take the container for
  # stopped by hand, and would not start it again after a crash.
  container=$(compose ps --quiet nginx)
  mapfile -t nginx < <(docker inspect --format '{{join .Config.Entrypoint "\n"}}' "$container")
  docker exec "$container" "${nginx[@]}" -s reload >&2 ||
    fail "nginx did not take the new pair, and serves the certificate that it had"
  until [ "$(served)" = "$1" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 50 ] ||
      fail "the new certificate is not served on port $https after $tries tries; docker compose logs nginx may say why"
    sleep 0.2
  done
}

expires() { openssl x509 -noout -enddate <<<"$1" | cut -d = -f 2; } # LEAF
