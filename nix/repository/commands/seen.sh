# shellcheck shell=bash
# `drydock-seen sentence`: what README.md has to say of the runs that docs/seen records, on
# stdout. `drydock-seen write` puts it there. `drydock-seen record FOLDER` leaves a record of
# this machine's run before: FOLDER has what each part of `./drydock test` printed, by its name.

say() { printf 'drydock: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

cd "${DRYDOCK_ROOT:-$PWD}" || exit
[ -e flake.lock ] || die "there is no flake.lock in $PWD; go to the folder that has it"

# The line before the sentence in README.md.
# shellcheck disable=SC2016
mark='<!-- `nix run .#seen` writes the next line, of what docs/seen records. -->'

pins() { # of flake.lock, as TOML has them
  jq --raw-output '.root as $root | .nodes as $nodes | $nodes[$root].inputs | to_entries[]
    | select(.value | type == "string") | "\(.key) = \"\($nodes[.value].locked | .rev // .narHash)\""' flake.lock
}

value() { sed -n "s/^$2 = \"\(.*\)\"$/\1/p" "$1"; } # FILE KEY

sentence() {
  local record told=
  for record in docs/seen/*.toml; do
    [ -e "$record" ] || continue
    told="$told${told:+; }on $(basename "$record" .toml) [at $(value "$record" revision | cut -c 1-12)]($record), with Nix $(value "$record" nix) and Docker Engine $(value "$record" engine)"
    [ "$(sed -n '/^\[pins\]$/,/^$/{/ = /p}' "$record")" = "$(pins)" ] ||
      told="$told, and with older pins than flake.lock has now"
  done
  if [ -z "$told" ]; then
    # shellcheck disable=SC2016
    echo '`./drydock test` was not yet run with the pinned inputs; all that was run so far had the [offline](docs/OFFLINE.md) ones.'
  else
    # shellcheck disable=SC2016
    echo '`./drydock test` has passed with the pinned inputs '"$told."
  fi
}

write() {
  local line text
  line=$(sentence)
  grep --quiet --fixed-strings --line-regexp -- "$mark" README.md || die "README.md has no line: $mark"
  text=$(
    while IFS= read -r old; do
      printf '%s\n' "$old"
      [ "$old" != "$mark" ] || { IFS= read -r old && printf '%s\n' "$line"; }
    done <README.md
  )
  printf '%s\n' "$text" >README.md
}

# How many tests a part had: those of Rust's harness, Goss' and ours.
counted() { # FILE
  sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p; s/^Count: \([0-9]*\), .*/\1/p; s/^\([0-9]*\) passed, 0 failed$/\1/p' "$1" |
    jq --slurp add
}

record() { # FOLDER
  local system revision checks engine part file
  system=$(nix config show system)
  revision=$(git rev-parse --verify --quiet HEAD) || {
    say "no record of this run is left: the folder has no revision that it would be of"
    return 0
  }
  [ -z "$(git status --porcelain --untracked-files=no -- . ':!docs/seen' ':!README.md')" ] || {
    say "no record of this run is left: the folder has edits that no revision has"
    return 0
  }
  mapfile -t flags < <(printf '%s' "${DRYDOCK_NIX_FLAGS:-}")
  checks=$(nix eval --no-write-lock-file "${flags[@]}" ".#checks.$system" --apply 'checks: builtins.length (builtins.attrNames checks)')
  engine=$(docker version --format '{{.Server.Version}}')
  file=docs/seen/$system.toml
  mkdir -p docs/seen
  {
    # shellcheck disable=SC2016
    echo '# What `./drydock test` passed with the inputs of flake.lock, how many tests each part had,'
    echo '# and on what. It writes this itself.'
    echo "revision = \"$revision\""
    echo "nix = \"$(nix --version | sed 's/.* //')\""
    echo "engine = \"$engine\""
    printf '\n[pins]\n'
    pins
    printf '\n[passed]\n'
    echo "checks = $checks"
    for part in "$1"/*; do
      echo "${part##*/} = $(counted "$part")"
    done
  } >"$file.new"
  ! grep ' = null$' "$file.new" >&2 || {
    rm "$file.new"
    die "the parts above say of no test that it passed; no record of this run is left"
  }
  mv "$file.new" "$file"
  write
  say "$file has what has passed, and README.md says so"
}

case ${1:-} in
  sentence) sentence ;;
  write) write ;;
  record)
    [ -d "${2:-}" ] || die "'${2:-}' is no folder; 'record' takes what the parts of ./drydock test printed"
    record "$2"
    ;;
  *)
    echo "usage: drydock-seen (sentence | write | record FOLDER)" >&2
    exit 2
    ;;
esac
