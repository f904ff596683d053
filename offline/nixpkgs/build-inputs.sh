# shellcheck shell=bash disable=SC2154 # a derivation has the variables
# Where a compiler, a linker and pkg-config look for what a build is linked with: what the hooks
# of nixpkgs' cc-wrapper, bintools-wrapper and pkg-config do with buildInputs.
for package in $buildInputs; do
  [ -e "$package" ] || { echo "build input $package does not exist" >&2; exit 1; }
  if [ -d "$package/include" ]; then
    export C_INCLUDE_PATH="${C_INCLUDE_PATH:+$C_INCLUDE_PATH:}$package/include"
    export CPLUS_INCLUDE_PATH="${CPLUS_INCLUDE_PATH:+$CPLUS_INCLUDE_PATH:}$package/include"
  fi
  [ ! -d "$package/lib" ] || export LIBRARY_PATH="${LIBRARY_PATH:+$LIBRARY_PATH:}$package/lib"
  for folder in "$package/lib/pkgconfig" "$package/share/pkgconfig"; do
    [ ! -d "$folder" ] || export PKG_CONFIG_PATH="${PKG_CONFIG_PATH:+$PKG_CONFIG_PATH:}$folder"
  done
done
unset package folder
