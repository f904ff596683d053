# shellcheck shell=bash disable=SC2154,SC2016 # a derivation has the variables, and $ is jq's
# The setup hooks of crane's buildPackage: lib/setupHooks there, as far as nix/ meets them.

# Set aside right after the build, since tests may build the same programs anew.
postBuildInstallFromCargoBuildLogOut=$(mktemp -d)
postBuildInstallFromCargoBuildLog() {
  [ -f "${cargoBuildLog:-}" ] || {
    echo "\$cargoBuildLog is no file, so that nothing says what was built" >&2
    return 1
  }
  local members program
  members=$(command cargo metadata --format-version 1 | @jq@ -c .workspace_members)
  @jq@ -rR --argjson members "$members" 'fromjson?
    | select(.reason == "compiler-artifact" and .profile.test == false)
    | select(.package_id as $id | $members | index($id))
    | .executable // empty' <"$cargoBuildLog" |
    while IFS= read -r program; do
      mkdir -p "$postBuildInstallFromCargoBuildLogOut/bin"
      cp "$program" "$postBuildInstallFromCargoBuildLogOut/bin/"
    done
}
postBuildHooks+=(postBuildInstallFromCargoBuildLog)

# Messages name source files below the toolchain and each crate; that is no reason to keep
# those. The replacement has the same length.
removeReferencesToSources() {
  local store=/nix/store hashes
  hashes=$({
    rustc --print sysroot
    echo "$cargoVendorDir"
    find -L "$cargoVendorDir" -mindepth 2 -maxdepth 2 -type d -exec realpath {} +
  } | grep -o "^$store/[a-z0-9]\{32\}" | sort -u | sed "s|^$store/||" | paste -s -d '|' | sed 's/|/\\|/g')
  find "$out" -type f -print0 |
    xargs -0 --no-run-if-empty sed -i "s!$store/\($hashes\)!$store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee!g"
}
postInstallHooks+=(removeReferencesToSources)
