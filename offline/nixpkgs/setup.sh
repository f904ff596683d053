# shellcheck shell=bash disable=SC2154,SC2086,SC2123,SC2164 # a derivation has the variables, some are lists, and PATH is meant
# What nixpkgs' stdenv does around a build, as far as nix/ and crane rely on it: the shell's
# settings, the variables, PATH, and the phases with their hooks. nix/repository/inputs says where
# nixpkgs has each, and holds both to it.
set -o pipefail
shopt -s inherit_errexit nullglob

export TZ=UTC SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-315532800}" GZIP_NO_TIMESTAMPS=1
export NIX_BUILD_CORES="${NIX_BUILD_CORES:-1}"
[ "$NIX_BUILD_CORES" -gt 0 ] || NIX_BUILD_CORES=$(nproc)
# No program finds a machine's own certificates; in an interactive shell they may be wanted.
if [ "${IN_NIX_SHELL:-}" != impure ]; then
  export SSL_CERT_FILE="${SSL_CERT_FILE:-/no-cert-file.crt}"
  export NIX_SSL_CERT_FILE="${NIX_SSL_CERT_FILE:-/no-cert-file.crt}"
fi

# Runs what the derivation, or a function, has under the name; then what setup hooks added to it.
runHook() { # NAME
  local hook hooks="$1Hooks[@]"
  if declare -F "$1" >/dev/null; then "$1"; else eval "${!1:-}"; fi
  for hook in ${!hooks+"${!hooks}"}; do "$hook"; done
}

exitHandler() {
  exitCode=$?
  set +e
  if [ "$exitCode" = 0 ]; then runHook exitHook; else runHook failureHook; fi
  return "$exitCode"
}
trap "exitHandler" EXIT

# FILE... (--replace-fail FROM TO)...; of nixpkgs' options the one that refuses what it cannot do.
substituteInPlace() {
  local files=() file text
  while [ $# -gt 0 ] && [[ $1 != --* ]]; do
    files+=("$1")
    shift
  done
  [ ${#files[@]} -gt 0 ] || { echo "substituteInPlace: no file before the options" >&2; return 1; }
  for file in "${files[@]}"; do
    [ -f "$file" ] || { echo "substituteInPlace: there is no file $file" >&2; return 1; }
    # It reads to the end, which is a failure, or to a NUL, which no variable can hold.
    ! IFS='' read -r -d '' text <"$file" || { echo "substituteInPlace: $file has a NUL in it" >&2; return 1; }
    replaceIn "$@" || return
    printf %s "$text" >"$file"
  done
}
replaceIn() { # (--replace-fail FROM TO)...: in $text, which is from $file
  while [ $# -gt 0 ]; do
    [ "$1" = --replace-fail ] || { echo "substituteInPlace: Invalid command line argument: $1" >&2; return 1; }
    [[ $text == *"$2"* ]] || { echo "substituteInPlace: pattern $2 doesn't match anything in file '$file'" >&2; return 1; }
    text=${text//"$2"/"$3"}
    shift 3
  done
}

unpackPhase() {
  runHook preUnpack
  sourceRoot=$(basename "$src" | sed -E 's/^[a-z0-9]{32}-//')
  cp -r --preserve=timestamps "$src" "$sourceRoot"
  chmod -R u+w "$sourceRoot"
  runHook postUnpack
}

patchPhase() {
  runHook prePatch
  runHook postPatch
}

genericBuild() {
  if [ -f "${buildCommandPath:-}" ]; then
    # shellcheck disable=SC1090
    source "$buildCommandPath"
    return
  fi
  local phase
  for phase in ${phases:-unpackPhase patchPhase configurePhase buildPhase checkPhase installPhase}; do
    [ "$phase" != checkPhase ] || [ -n "${doCheck:-}" ] || continue
    eval "${!phase:-$phase}"
    [ "$phase" != unpackPhase ] || cd "${sourceRoot:-.}"
  done
}

PATH=
for package in $nativeBuildInputs $defaultNativeBuildInputs $initialPath; do
  [ -e "$package" ] || { echo "build input $package does not exist" >&2; exit 1; }
  [ ! -d "$package/bin" ] || PATH=$PATH${PATH:+:}$package/bin
done
export PATH
for package in $nativeBuildInputs $defaultNativeBuildInputs; do
  # shellcheck disable=SC1091
  [ ! -f "$package/nix-support/setup-hook" ] || source "$package/nix-support/setup-hook"
done
unset package

# As it is left there for whoever looks at a build that failed; a pattern finds it.
if [ -d "${NIX_BUILD_TOP:-}" ]; then (umask 0077; export >"$NIX_BUILD_TOP/env-vars") fi
