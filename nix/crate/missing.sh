# shellcheck shell=bash disable=SC2016 # the backticks are cargo's
# Says which setting helps a build that ended, by what cargo wrote. Arguments: the file with its
# lines, and the packages of the sources, which their authors know.
output=$(LC_ALL=C tr -d '\0' <"$1")
shift
# The first one's part within the parentheses of EXPRESSION.
part() { sed -nE "s/.*$1.*/\1/p" <<<"$output" | sed -n 1p; }
hint() { echo "drydock: $*"; }
# The package of nixpkgs that has a library, as linkers and pkg-config call it.
package() { # NAME
  case $1 in
    bz2) echo bzip2 ;;
    crypto | ssl | openssl | libssl | libcrypto) echo openssl ;;
    fontconfig | freetype2 | gmp | lmdb | lz4 | mpfr | snappy | zlib) echo "$1" ;;
    ftdi1 | libftdi1) echo libftdi1 ;;
    jpeg | turbojpeg | libjpeg | libturbojpeg) echo libjpeg ;;
    lzma | liblzma) echo xz ;;
    magic | libmagic) echo file ;;
    mysqlclient | mariadb | libmariadb) echo libmysqlclient ;;
    pcre2-8 | libpcre2-8) echo pcre2 ;;
    png | png16) echo libpng ;;
    sasl2 | libsasl2) echo cyrus_sasl ;;
    sqlite3) echo sqlite ;;
    xml2 | libxml-2.0) echo libxml2 ;;
    z) echo zlib ;;
    zmq | libzmq) echo zeromq ;;
    zstd | libzstd) echo zstd ;;
    lib*) echo "$1" ;;
    archive | git2 | pq | sodium | ssh2 | webp) echo "lib$1" ;;
    *) echo "$1" ;;
  esac
}
script=$(part 'failed to run custom build command for `([^ `]+)')
library=$(part 'unable to find library -l([A-Za-z0-9_.+-]+)')
[ -n "$library" ] || library=$(part 'cannot find -l([A-Za-z0-9_.+-]+)')
[ -n "$library" ] || library=$(part 'The system library `([^`]+)` required by crate')
[ -n "$library" ] || library=$(part 'Package ([A-Za-z0-9_.+-]+) was not found in the pkg-config search path')
tool=$(part 'is `([A-Za-z0-9_.+-]+)` not installed')
[ -n "$tool" ] || tool=$(part 'failed to find tool "([A-Za-z0-9_.+-]+)"')
[ -n "$tool" ] || tool=$(part "Command '([A-Za-z0-9_.+-]+)' not found")
[ -n "$tool" ] || tool=$(part ': ([A-Za-z0-9_.+-]+): (command )?not found')
case $tool in
  *gcc | *g++ | *cc | *c++ | *ar | *ranlib) tool= ;; # the toolchain's own
  flatc) tool=flatbuffers ;;
  make) tool=gnumake ;;
  node | npm | npx) tool=nodejs ;;
  protoc) tool=protobuf ;;
esac
variable=$(part 'environment variable `([A-Za-z_][A-Za-z0-9_]*)` not defined at compile time')
file=$(part "couldn't read \`([^\`]+)\`: No such file or directory")

older=$(part 'package `([^ `]+) [^`]*` cannot be built because it requires rustc')
[ -n "$older" ] || older=$(sed -nE 's/^ +([^ @]+)@[^ ]+ requires rustc [0-9.]+$/\1/p' <<<"$output" | sed -n 1p)
broken=$(part 'could not compile `([^`]+)`')
for own; do [ "$own" != "$broken" ] || broken=; done
# What does not link has been compiled.
! grep --quiet '^error: linking with' <<<"$output" || broken=

if [ -n "$older" ]; then
  hint "the crate $older asks for a newer Rust than this one: cargo update -p $older --precise VERSION takes an older one, and rust-toolchain.toml of the sources names another Rust"
elif grep --quiet --fixed-strings 'error[E0554]' <<<"$output"; then
  hint "${broken:-the crate} is written for a nightly Rust; rust-toolchain.toml of the sources names one, as channel = \"nightly-2026-01-01\""
elif [ -n "$library" ]; then
  hint "no static library '$library' is there for it to link with, so the setting is libraries = pkgs: [ pkgs.$(package "$library") ]"
elif [ -n "$tool" ]; then
  hint "a program that its build runs is not there, so the setting is tools = pkgs: [ pkgs.$tool ]"
elif [ -n "$variable" ]; then
  hint "the variable $variable is compiled in; .cargo/config.toml of the sources gives it, as [env] $variable = \"value\""
elif [ -n "$file" ]; then
  hint "$file is compiled in, and the sources have it not: git knows what is in a build, and the setting sources, if it is stated, names it; what npm or the like makes of them has to be among them"
elif [ -n "$script" ]; then
  if grep --quiet --extended-regexp --ignore-case 'download.*(https?:|curl)|resolve host|dns error|lookup address|error sending request|network is unreachable' <<<"$output"; then
    hint "the build script of $script fetches something, and no build has a network; many such crates have a feature, or a variable for .cargo/config.toml of the sources, that does without"
  elif grep --quiet --extended-regexp --ignore-case 'not a git repository|could not find repository' <<<"$output"; then
    hint "the build script of $script asks git, and a build has the files alone; many such crates do without, or take a variable, which .cargo/config.toml of the sources gives, as [env] GIT_HASH = \"value\""
  elif grep --quiet --fixed-strings 'No such file or directory' <<<"$output"; then
    place=$(part 'panicked at ([^ ]*[^ /]+\.rs:[0-9]+):.*')
    hint "the build script of $script runs a program, or reads a file, that is not there${place:+, at $place}; the setting tools gives programs, as tools = pkgs: [ pkgs.protobuf ], and libraries gives libraries"
  fi
elif [ -n "$broken" ]; then
  hint "the crate $broken of Cargo.lock does not compile with this Rust: cargo update -p $broken may bring one that does, and rust-toolchain.toml of the sources names another Rust, as channel = \"1.80\""
fi
