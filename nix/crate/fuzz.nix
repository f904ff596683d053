# Runs the fuzz targets of the crate: each on every seed of its corpus, and then on
# a number of inputs that libFuzzer makes of them. To search for longer, there is
# `cargo fuzz`, for which fuzz/ is laid out.
{
  crane,
  lib,
  # The crate's folder, which has fuzz/.
  src,
  # ./vendor.nix
  vendor,
}:
let
  manifest = lib.importTOML (src + "/fuzz/Cargo.toml");
  targets = map (target: target.name) manifest.bin;
  # For each target: how many inputs, or how many seconds if they are over before.
  runs = 200000;
  seconds = 8;
  sourceOf =
    files:
    lib.fileset.toSource {
      root = src;
      fileset = lib.fileset.unions (
        builtins.filter builtins.pathExists (map (file: src + "/${file}") files)
      );
    };
  crate = {
    src = sourceOf [
      "Cargo.toml"
      "assets"
      "build.rs"
      "src"
      "templates"
      "fuzz/Cargo.toml"
      "fuzz/Cargo.lock"
      "fuzz/corpus"
      "fuzz/fuzz_targets"
    ];
    cargoToml = src + "/fuzz/Cargo.toml";
    cargoLock = src + "/fuzz/Cargo.lock";
    cargoVendorDir = vendor [ (src + "/fuzz/Cargo.lock") ];
    # As crane wants it for a crate that is not at the top of its source.
    postUnpack = ''
      cd "$sourceRoot/fuzz"
      sourceRoot=.
    '';
    strictDeps = true;
    # Said outright, so that build scripts are built without the flags.
    CARGO_BUILD_TARGET = "host-tuple";
    # What `cargo fuzz --sanitizer none` sets: every branch and comparison is counted. A sanitizer
    # would need a nightly Rust, and there is no unsafe code here for it to look at.
    CARGO_BUILD_RUSTFLAGS = toString [
      "--cfg=fuzzing"
      "-Cpasses=sancov-module"
      "-Cllvm-args=-sanitizer-coverage-level=4"
      "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
      "-Cllvm-args=-sanitizer-coverage-pc-table"
      "-Cllvm-args=-sanitizer-coverage-trace-compares"
    ];
  };
  # The dependencies by name and as libraries, since a program with counters links
  # with libFuzzer only.
  dependencies = crane.buildDepsOnly (
    crate
    // {
      doCheck = false;
      buildPhaseCargoCommand = "cargoWithProfile build --locked --lib ${
        lib.concatMapStringsSep " " (name: "--package ${name}") (builtins.attrNames manifest.dependencies)
      }";
    }
  );
in
crane.mkCargoDerivation (
  crate
  // {
    cargoArtifacts = dependencies;
    doInstallCargoArtifacts = false;
    buildPhaseCargoCommand = ''
      cargoWithProfile build --locked --bins
      for target in ${lib.escapeShellArgs targets}; do
        echo "fuzz: $target"
        new=$(mktemp -d)
        # What is worth keeping goes into the first folder; the second is only read.
        target/*/release/"$target" "$new" "corpus/$target" -artifact_prefix="$new/failing-" \
          -seed=1 -runs=${toString runs} -max_total_time=${toString seconds} \
          -max_len=512 -timeout=10 -verbosity=0 -print_final_stats=1 > log 2>&1 || {
          cat log >&2
          echo "fuzz: $target fails on the input that this gives: base64 --decode <<END" >&2
          base64 "$new"/failing-* >&2
          echo "END" >&2
          echo "fuzz: with it in a file: cargo fuzz run --sanitizer none $target FILE" >&2
          exit 1
        }
        grep '^stat::number_of_executed_units' log
      done
    '';
  }
)
