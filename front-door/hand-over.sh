# shellcheck shell=sh disable=SC2154 # drydock assigns folder and source
# Runs nix with the chosen inputs and the chosen source. Sourced by ./drydock, whose
# helpers it uses.

# A refusal of the flake's is the last line below a trace of Nix, which is for its authors. So another
# repository's is evaluated before, once it states something else, and what is refused stands alone.
refuse_without_trace() {
  [ "$own" = false ] || return 0
  accepted=$cache/accepted/$(what_is_stated | hash_of)
  ! whole "$accepted" || return 0
  if output=$(with_inputs eval --raw "$source#packages.$(nix config show system).default.drvPath" 2>&1); then
    : | keep "$accepted"
    forget_old "$cache/accepted"
    return
  fi
  # Whatever else is wrong, what comes now says it.
  case $output in *'error: drydock: '*) die "${output##*error: drydock: }" ;; esac
}

what_is_stated() {
  printf '%s\n' "$overrides" "$source"
  [ "$by_git" = true ] || return 0
  cd "$folder" || return
  ! have git || git ls-files
  for stated in '*.nix' flake.lock Cargo.toml Cargo.lock; do known_files "$stated" | xargs -0 -r cat --; done
}

# Runs nix COMMAND... with the chosen inputs, where the command takes a flake.
with_inputs() ( exec_with_inputs "$@" )

# As with_inputs, in the place of this shell: signals reach what was started.
exec_with_inputs() { # COMMAND...
  case ${1:-} in
    build | run | develop | shell | eval | log | path-info | why-depends | print-dev-env | repl | search | bundle | edit)
      nix_command=$1
      shift
      ;;
    fmt)
      # It takes no flake, but that of the folder that it is called in.
      if [ "$by_git" = true ]; then
        nix_command=fmt
        shift
      else
        shift
        set -- "$source#formatter.$(nix config show system)" -- "$@"
        nix_command=run
      fi
      ;;
    flake)
      # These copy files, and look at no input.
      case ${2:-} in init | new | clone | prefetch) exec nix "$@" ;; esac
      nix_command="flake
${2:-show}"
      shift "$(($# < 2 ? $# : 2))"
      ;;
    *) exec nix "$@" ;;
  esac
  name_source "$@"
}

# Calls nix with the arguments, those that name this folder being $source instead: always
# where a plain folder is meant, and where there is no repository, since Nix would copy
# the folder whole.
name_source() { # ARGUMENT...
  values=0
  named=false
  rest=false
  number=$#
  while [ "$number" -gt 0 ]; do
    argument=$1
    shift
    number=$((number - 1))
    if [ "$rest" = true ] || [ "$values" -gt 0 ]; then
      values=$((values - 1))
    else
      case $argument in
        --) rest=true ;;
        # What comes then is a command of its own, or a file or an expression in the place of a flake.
        -c | --command) rest=true ;;
        -f | --file | -E | --expr) named=true values=1 ;;
        --option | --arg | --argstr | --arg-from-file | --override-input | --override-flake | --redirect | -s | --set-env-var) values=2 ;;
        -o | --out-link | --profile | --store | --eval-store | --from | --to | --log-format | --system | --max-jobs | -j | --cores | \
          --builders | --apply | --write-to | --include | -I | --reference-lock-file | --output-lock-file | --update-input | --inputs-from | \
          --keep | -k | --keep-env-var | --unset | -u | --unset-env-var | --phase | --exclude | -e | --arg-from-stdin | --json-format | \
          --timeout | --max-silent-time | --connect-timeout | --download-attempts | --substituters | --extra-experimental-features | \
          --bundler | --dest | -t | --template) values=1 ;;
        -*) ;;
        *)
          named=true
          argument=$(source_for "$argument")
          ;;
      esac
    fi
    set -- "$@" "$argument"
  done
  case $nix_command in
    repl | fmt | search | why-depends | edit) ;;
    *) [ "$named" = true ] || [ "$by_git" = true ] || set -- "$source" "$@" ;;
  esac
  set -f
  IFS='
'
  # shellcheck disable=SC2086
  exec nix $nix_command $overrides "$@"
}

# Prints INSTALLABLE, with the flake's URL in the place of this folder.
source_for() { # INSTALLABLE
  place=${1%%#*}
  place=${place%%\?*}
  case $place in
    path:*) place=${place#path:} ;;
    *) [ "$by_git" = false ] || place=other: ;;
  esac
  case ${place:-.} in
    # The flake of a folder is the nearest one, as Nix has it.
    .* | /*) nearest flake.nix "${place:-.}" ;;
    *) at= ;;
  esac
  fragment=
  case $1 in *'#'*) fragment="#${1#*#}" ;; esac
  case $at/ in
    "$folder"/) printf '%s%s' "$source" "$fragment" ;;
    "$folder"/*)
      [ "$by_git" = false ] || die "'$1' would copy the folder whole, with what git ignores; without 'path:' it is what git knows"
      printf '%s?dir=%s%s' "$source" "$(in_url "${at#"$folder"/}")" "$fragment"
      ;;
    *) printf '%s' "$1" ;;
  esac
}
