# A request to the service takes no more instructions than ../../../bench/instructions.toml
# allows, nor much more when its metrics are on. Unlike seconds they are the same on a busy machine.
{
  app,
  # Has bin/drydock-bench.
  benchDriver,
  lib,
  pkgs,
}:
let
  # By whose packages they are.
  inherit (lib.importTOML ../../../bench/instructions.toml) budgets metrics-percent;
  contenders = lib.fileset.toSource {
    root = ../../../bench;
    fileset = ../../../bench/contenders.toml;
  };
in
pkgs.runCommand "instructions"
  {
    nativeBuildInputs = [
      app
      benchDriver
      pkgs.valgrind
    ];
    packages = "nixpkgs ${lib.version}";
    # One a line, the first that fits counts: the most, and the pattern of the packages.
    budgets = lib.concatMapStringsSep "\n" (
      budget: "${toString budget.instructions} ${budget.packages}"
    ) budgets;
  }
  ''
    drydock-bench --bench ${contenders} --rounds 1 --measure instructions drydock drydock-metrics > run.csv
    count() {
      sed -n "s/^1,$1,instructions,1,\([0-9]*\).*/\1/p" run.csv
    }
    counted=$(count drydock)
    measured=$(count drydock-metrics)
    [ -n "$counted" ] && [ -n "$measured" ] || {
      cat run.csv
      echo "nothing was counted" >&2
      exit 1
    }
    [ "$((measured * 100))" -le "$((counted * ${toString (100 + metrics-percent)}))" ] || {
      echo "a request takes $counted instructions, and $measured with metrics; bench/instructions.toml allows ${toString metrics-percent} % more" >&2
      exit 1
    }
    while read -r most pattern; do
      case $packages in
        $pattern)
          [ "$counted" -le "$most" ] || {
            echo "a request takes $counted instructions; bench/instructions.toml allows $most for $pattern" >&2
            exit 1
          }
          echo "$counted of $most, and $measured with metrics" > "$out"
          exit 0
          ;;
      esac
    done <<< "$budgets"
    echo "bench/instructions.toml has no budget for $packages" >&2
    exit 1
  ''
