# shellcheck shell=bash
# Runs a program with folders that it may write to, at paths that a build cannot make: a root
# of its own, with the store and what else it reads. Arguments: the folders, --, the program.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  exec unshare --user --map-root-user --mount bash "$0" --inside "$PWD" "$@" || {
    echo "no namespaces can be made in a build on this machine, so the folders of the setting writable cannot be tried here; standalone = false leaves that to the tests of the running stack" >&2
    exit 1
  }
fi
start=$2
shift 2
root=$(mktemp -d)
mount -t tmpfs tmpfs "$root"
for folder in /nix /proc /dev /etc /bin /build /tmp; do
  [ -e "$folder" ] || continue
  mkdir -p "$root$folder"
  mount --rbind "$folder" "$root$folder"
done
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  shift
done
shift
env=$(command -v env)
exec chroot "$root" "$env" --chdir "$start" "$@"
