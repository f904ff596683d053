# What crane's builds find, and what its folder of crates is. Read at ipetkov/crane
# 2c71e194474d13de031d729b729c968ddbe3507f.
{
  pkgs,
  # With a toolchain.
  crane,
}:
let
  inherit (pkgs) lib;
  src = lib.fileset.toSource {
    root = ../../../crates/probe;
    fileset = lib.fileset.unions [
      ../../../crates/probe/Cargo.toml
      ../../../crates/probe/Cargo.lock
      ../../../crates/probe/build.rs
      ../../../crates/probe/src
    ];
  };
  vendored = crane.vendorMultipleCargoDeps {
    cargoLockList = [ ../../../crates/workshop/Cargo.lock ];
  };
  # A repository is never asked where something else stands in for what is checked out of it.
  fromGit = crane.vendorMultipleCargoDeps {
    cargoLockList = [
      (builtins.toFile "Cargo.lock" ''
        version = 4
        [[package]]
        name = "one"
        version = "1.0.0"
        source = "git+https://example.org/one?branch=main#0123456789abcdef0123456789abcdef01234567"
      '')
    ];
    overrideVendorGitCheckout =
      packages: _:
      pkgs.runCommand "one" { } ''
        mkdir -p "$out/one-1.0.0"
        echo ${lib.escapeShellArgs (map (package: package.source) packages)} > "$out/one-1.0.0/source"
      '';
  };
  dependencies = crane.buildDepsOnly {
    inherit src;
    buildPhaseCargoCommand = ''
      [ "$CRANE_BUILD_DEPS_ONLY" = 1 ]
      mkdir target
      echo made > target/made
      sed -n 's|.*build"*\s*[=:]\s*"/nix/store/[a-z0-9]*-\(dummyBuild[.]rs"\).*|\1|p' Cargo.toml > target/build-script
    '';
    doCheck = false;
  };
in
crane.mkCargoDerivation {
  inherit src;
  pname = "inputs-crates";
  version = "1";
  cargoArtifacts = dependencies;
  doInstallCargoArtifacts = false;
  strictDeps = true;
  OTHER = "other";
  # lib/mkCargoDerivation.nix: hooks are run, and there is no check unless one is wished for.
  preBuild = "hooked=1";
  checkPhaseCargoCommand = "exit 1";
  buildPhaseCargoCommand = ''
    failed=
    expect() { # WHAT FOUND EXPECTED
      [ "$2" = "$3" ] || { printf '%s: found "%s", expected "%s"\n' "$@" >&2; failed=1; }
    }
    is() { "$@" > /dev/null 2>&1 && echo yes || echo no; }
    expect 'the hook' "$hooked" 1
    expect 'a variable' "$OTHER" other
    expect 'the folder' "$PWD" "$NIX_BUILD_TOP/source"
    # lib/setupHooks/configureCargoCommonVarsHook.sh
    expect CARGO_HOME "$CARGO_HOME" "$PWD/.cargo-home"
    expect CARGO_BUILD_INCREMENTAL "$CARGO_BUILD_INCREMENTAL" false
    expect CARGO_BUILD_JOBS "$CARGO_BUILD_JOBS" "$NIX_BUILD_CORES"
    expect RUST_TEST_THREADS "$RUST_TEST_THREADS" "$NIX_BUILD_CORES"
    expect CARGO_PROFILE "$CARGO_PROFILE" release
    expect CARGO_TARGET_DIR "''${CARGO_TARGET_DIR-unset}" unset
    expect CARGO_NET_OFFLINE "''${CARGO_NET_OFFLINE-unset}" unset
    # lib/setupHooks/cargoHelperFunctionsHook.sh: each call is shown.
    expect 'what cargo is' "$(type -t cargo)" function
    expect 'the call' "$(cargoWithProfile check --help 2>&1 > /dev/null | tr -s + | head -n 1)" '+ command cargo check --release --help'
    expect 'the call of another profile' \
      "$(CARGO_PROFILE=dev; cargoWithProfile check --help 2>&1 > /dev/null | tr -s + | head -n 1)" '+ command cargo check --profile dev --help'
    # stdenv has a compiler, where runCommand has none.
    expect CC "$CC" gcc
    expect AR "$AR" ar
    # lib/setupHooks/configureCargoVendoredDepsHook.sh, inheritCargoArtifactsHook.sh, installCargoArtifactsHook.sh
    expect 'the settings' "$(is cmp "$cargoVendorDir/config.toml" "$CARGO_HOME/config.toml")" yes
    expect 'what was inherited' "$(cat target/made)" made
    # lib/mkDummySrc.nix: by this cargo sees that a crate is not the one of the artifacts, since
    # neither sources nor artifacts have a time of their own.
    expect 'the build script of a dummy' "$(cat target/build-script)" 'dummyBuild.rs"'
    expect 'the times of sources and of what was inherited' "$(stat -c %Y src/main.rs target/made | uniq)" 1
    expect 'what is inherited from' "$(ls ${dependencies})" target.tar.zst
    # lib/vendorMultipleCargoDeps.nix, vendorCargoRegistries.nix, downloadCargoPackage.nix
    registry=$(sed -n 's/^directory = "\(.*\)"/\1/p' ${vendored}/config.toml)
    expect 'the folders of crates' "$(find ${vendored}/ -mindepth 1 -maxdepth 1 -type l)" "$registry"
    crates=$(grep -c '^checksum' ${../../../crates/workshop/Cargo.lock})
    expect 'the links to crates' "$(find "$registry/" -mindepth 1 -maxdepth 1 -type l | wc -l)" "$crates"
    expect 'the store paths of crates' "$(find "$registry/" -mindepth 1 -maxdepth 1 -type l -exec readlink {} + | grep -c '^/nix/store/[^/]*$')" "$crates"
    expect 'the sums' "$(cat "$registry"/*/.cargo-checksum.json | grep -c '"files":{}')" "$crates"
    # lib/vendorGitDeps.nix
    table=$(sed -n '/^\[source."https:..example.org.one?branch=main"\]/,/^\[/p' ${fromGit}/config.toml | sort)
    expect 'the settings of a repository' "$(grep -c -e '^branch = "main"$' -e '^git = "https://example.org/one"$' <<< "$table")" 2
    folder=$(sed -n 's/^replace-with = "\(.*\)"/\1/p' <<< "$table")
    folder=$(sed -n "/^\[source.$folder\]/,/^directory/s/^directory = \"\(.*\)\"/\1/p" ${fromGit}/config.toml)
    expect 'what stands in for it' "$(cat "$folder/one-1.0.0/source")" 'git+https://example.org/one?branch=main#0123456789abcdef0123456789abcdef01234567'
    [ -z "$failed" ]
  '';
}
