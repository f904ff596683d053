# shellcheck shell=bash
# Runs a program with folders that it may write to, at paths that a build cannot make: a root
# of its own, with the store and what else it reads. Arguments: BusyBox, which makes that, the
# folders, one that has another place outside as FOLDER=PLACE, --, the program.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  "$1" unshare -U -r -m "$1" true || {
    echo "no namespaces can be made in a build on this machine, so the folders of the setting writable cannot be tried here; standalone = false leaves that to the tests of the running stack" >&2
    exit 1
  }
  exec "$1" unshare -U -r -m "$BASH" "$0" --inside "$PWD" "$@"
fi
start=$2 box=$3
shift 3
root=$(mktemp -d)
"$box" mount -t tmpfs tmpfs "$root"
for folder in /nix /proc /dev /etc /bin /build /tmp; do
  [ -e "$folder" ] || continue
  mkdir -p "$root$folder"
  "$box" mount -o rbind "$folder" "$root$folder"
done
while [ "$1" != -- ]; do
  mkdir -p "$root${1%%=*}"
  [ "$1" = "${1%%=*}" ] || "$box" mount -o bind "${1#*=}" "$root${1%%=*}"
  shift
done
shift
exec "$box" chroot "$root" "$(command -v env)" --chdir "$start" "$@"
