# shellcheck shell=bash
# Has the engine fetch an image by its digest, or says what is to be done about it.

fetch() { # IMAGE@DIGEST
  local registry=${1%%/*} words
  # A digest means one image only.
  docker image inspect "$1" >/dev/null 2>&1 && return
  say "the engine fetches $1"
  words=$(timeout --foreground 1800 docker pull --quiet "$1" 2>&1) && return
  words=${words##*$'\n'}
  case $words in
    *"manifest unknown"* | *"not found"* | *"name unknown"*)
      fail "$registry has no $1; ./drydock publish copies images there, and prints their digests ($words)" ;;
    *unauthorized* | *"authentication required"* | *denied* | *"no basic auth"*)
      fail "$registry refuses the credentials, or has none; 'docker login $registry' stores them ($words)" ;;
    *"dial tcp"* | *"no such host"* | *timeout* | *"deadline exceeded"* | *"connection refused"*)
      fail "$registry does not answer the engine; is the name right, and may the engine reach it? ($words)" ;;
    *"server gave HTTP response to HTTPS"*)
      fail "$registry has no TLS; the engine asks such a one when its daemon.json has it in \"insecure-registries\" ($words)" ;;
  esac
  fail "the engine cannot fetch $1: ${words:-it took more than 30 minutes}"
}
