# shellcheck shell=bash
# Runs a program as its image has it: in a root of its own that cannot be written to, with the
# store and what it reads. Arguments: BusyBox, which makes that; a folder whose content lies in the
# root; where the program starts; the folders that it may write to, one that has another place
# outside as FOLDER=PLACE; --; the program.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  if "$1" unshare -U -r -m "$1" unshare -U "$1" true; then
    exec "$1" unshare -U -r -m "$BASH" "$0" --inside "$@"
  elif [ "$4" != -- ]; then
    echo "no namespaces can be made in a build on this machine, so the folders of the setting writable cannot be tried here; standalone = false leaves that to the tests of the running stack" >&2
    exit 1
  fi
  cd "$2$3"
  shift 4
  exec "$@"
fi
box=$2 files=$3 start=$4
shift 4
root=$(mktemp -d)
"$box" mount -t tmpfs tmpfs "$root"
cp -r "$files/." "$root"
for folder in /nix /proc /dev; do
  mkdir "$root$folder"
  "$box" mount -o rbind "$folder" "$root$folder"
done
mkdir -p "$root$start" "$root/etc"
cp /etc/hosts "$root/etc"
while [ "$1" != -- ]; do
  mkdir -p "$root${1%%=*}"
  place=${1#*=}
  [ "$1" != "${1%%=*}" ] || place=$(mktemp -d)
  "$box" mount -o bind "$place" "$root${1%%=*}"
  shift
done
shift
mkdir "$root/.old"
cd "$root"
"$box" pivot_root . .old
cd "$start/"
"$box" umount -l /.old
"$box" mount -o remount,ro /
# In a namespace of its own it is nobody, with no right that its user has not: what other builds read
# is not to be written to. A root that was merely changed would have none.
exec "$box" unshare -U "$@"
