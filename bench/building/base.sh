#!/bin/sh
# Makes the image NAME that the Dockerfiles here start from: a shell and a C compiler of
# this machine's Debian suite, fetched by apt into FOLDER, and each STORE-PATH with all that
# it needs: the flake's own toolchain, crates and nginx.
set -eu

[ $# -ge 3 ] || { echo "usage: base.sh NAME FOLDER CARGO-SETTINGS STORE-PATH..." >&2; exit 2; }
name=$1
folder=$2
settings=$3
shift 3

# Code 127: there is no apt, so there is no such base.
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || exit 127

mkdir -p "$folder/archives/partial" "$folder/root/usr/bin" "$folder/root/usr/sbin" "$folder/root/usr/lib" "$folder/root/usr/lib64"
: >"$folder/status"
# Shown an empty status, it takes along all that these depend on.
apt-get install --yes --quiet --download-only --no-install-recommends \
  -o Dir::State::status="$folder/status" -o Dir::Cache::archives="$folder/archives" -o APT::Sandbox::User=root \
  bash coreutils findutils gcc libc6-dev >"$folder/apt.log" 2>&1 || { cat "$folder/apt.log" >&2; exit 1; }
for link in bin sbin lib lib64; do ln -s "usr/$link" "$folder/root/$link"; done
for deb in "$folder"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$folder/root"
done
# What the packages' own scripts would have done.
ln -sf bash "$folder/root/usr/bin/sh"
ln -sf gcc "$folder/root/usr/bin/cc"
mkdir -p "$folder/root/tmp" "$folder/root/root" "$folder/root/.cargo"
chmod 1777 "$folder/root/tmp"
cp "$settings" "$folder/root/.cargo/config.toml"
nix-store --query --requisites "$@" "$settings" | sort -u >"$folder/paths"

path=
for package; do path=$path$package/bin:; done
tar -c -C "$folder/root" . -C / -T "$folder/paths" 2>"$folder/tar.log" |
  docker import --change 'LABEL dev.drydock.bench=""' --change "ENV PATH=$path/usr/bin:/bin CARGO_HOME=/tmp/cargo" - "$name" >/dev/null || { cat "$folder/tar.log" >&2; exit 1; }
