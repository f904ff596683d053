# shellcheck shell=bash disable=SC2154 # stack.sh assigns project
own "$project"
[ -n "$(compose ps --status running --quiet nginx)" ] ||
  fail "nginx does not run; ./drydock up starts it, with the pair in nginx/tls"
before=$(served)

# keypair itself says what it did, or what is wrong with the pair.
compose run --rm --no-deps -T tls >&2 ||
  fail "nothing was changed, and nginx serves the certificate that it had"

leaf=$(wanted)
serve "$leaf"
which=new
[ "$before" != "$leaf" ] || which=same
say "the $which certificate is served (expires $(expires "$leaf"))"
