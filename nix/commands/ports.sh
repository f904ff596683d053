# shellcheck shell=bash
# A port of this machine is a number: an address before it or a range would be published
# as well, and the redirect and the check would go elsewhere.

port() { # NAME VALUE
  [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$2" -le 65535 ] || {
    printf 'drydock: error: %s is %q; it may be a number from 1 to 65535\n' "$1" "$2" >&2
    exit 1
  }
}
