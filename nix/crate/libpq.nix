# What pq-sys links with. It names libpq alone (https://github.com/sgrif/pq-sys/issues/27), and a
# static archive does not say what it needs in turn: PQ_LIB_DIR is a folder whose libpq.a is a
# linker's script that names those archives as well.
{ pkgs }:
let
  inherit (pkgs.pkgsStatic) libpq openssl;
in
pkgs.runCommand "libpq-with-its-own" { } ''
  mkdir "$out"
  archives=
  for name in pq pgcommon pgport ssl crypto; do
    for folder in ${libpq.dev} ${libpq.out} ${openssl.out}; do
      file=$folder/lib/lib$name.a
      [ -e "$file" ] && break
    done
    [ -e "$file" ] || {
      echo "there is no lib$name.a in ${libpq.dev}, ${libpq.out} or ${openssl.out}" >&2
      exit 1
    }
    archives="$archives $file"
  done
  # What OpenSSL compresses with, where it does.
  for name in z zstd; do
    file=${openssl.out}/lib/lib$name.a
    [ ! -e "$file" ] || archives="$archives $file"
  done
  echo "GROUP ($archives )" > "$out/libpq.a"
''
