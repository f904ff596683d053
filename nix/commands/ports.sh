# shellcheck shell=bash
# A port of this machine is a number: an address before it or a range would be published
# as well, and the redirect and the check would go elsewhere.

port() { # NAME VALUE
  [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$2" -le 65535 ] || {
    printf 'drydock: error: %s is %q; it may be a number from 1 to 65535\n' "$1" "$2" >&2
    exit 1
  }
}

# Where they are published: at one address of this machine, or at all of them.
# shellcheck disable=SC2329 # not all commands have one
address() { # NAME VALUE
  local part='[0-9]{1,3}'
  case $2 in
    "") return 0 ;;
    *:*) [[ ! $2 =~ ^\[[0-9a-fA-F:]+\]$ ]] || [[ $2 == *:::* ]] || return 0 ;;
    *) [[ ! $2 =~ ^$part(\.$part){3}$ ]] || [[ $2 =~ (^|\.)(2(5[6-9]|[6-9].)|[3-9]..)(\.|$) ]] || return 0 ;;
  esac
  printf 'drydock: error: %s is %q; it may be an address of this machine, such as 127.0.0.1 or [::1]\n' "$1" "$2" >&2
  exit 1
}
