# shellcheck shell=sh disable=SC2154 # drydock assigns root and cache
# The cache folder. What Nix reads is never in it, but in the store, where nothing
# changes: the cache has entries, small files that name store paths. An entry is named
# by a hash of what it was made from, so that two checkouts and two revisions have their
# own; it is written aside and renamed, so that a reader finds all of it or none.
# Sourced by ./drydock, whose helpers it uses.

# What a disk that was full or a power cut has left half-written has no such last line.
whole() { [ "$(tail -n 1 "$1" 2>/dev/null)" = complete ]; } # ENTRY

lines_of() { sed '$d' "$1"; } # ENTRY: prints what was put into it.

# Makes the entry of what is on stdin.
keep() { # ENTRY
  mkdir -p "${1%/*}"
  { aside=$(mktemp "$1.XXXXXX") && cat >"$aside" && echo complete >>"$aside" && mv -f "$aside" "$1"; } ||
    die "$1 cannot be written; the lines above say why"
}

# The store's own answer is the proof, since a garbage collection may have run.
in_store() { # ENTRY...
  for each; do whole "$each" || return 1; done
  for each; do lines_of "$each"; done | xargs nix-store --check-validity 2>/dev/null
}

# An entry costs next to nothing, so the 32 of a kind that were used last stay. What a
# stopped call has left aside goes in the same way.
forget_old() { # FOLDER of entries
  # shellcheck disable=SC2012 # the names are hashes
  ls -t "$1" | tail -n +33 | while read -r old; do rm -rf "${1:?}/$old"; done
}

hash_of() { # Prints the hash of what is on stdin.
  if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# Runs COMMAND... alone: steps that change the cache run one at a time, also when
# called twice at once. The lock belongs to this process, so a stop half-way gives it
# back. $work is a folder for what is half-made, which goes away with the command, and
# $plain is the cache under a name without special characters: apt and npm read a
# folder's name as more than a name.
locked() { # COMMAND...
  (
    if have flock; then
      flock -n 9 || {
        say "waiting for another drydock to finish its set-up"
        flock -w 1800 9 || die "the other set-up still runs after 30 minutes; it holds $cache/lock"
      }
    fi
    scratch=$(mktemp -d /tmp/drydock.XXXXXX)
    work=$cache/half-made
    rm -rf "$work"
    beside=
    trap '[ -z "$beside" ] || kill "$beside" 2>/dev/null || :; rm -rf "$scratch" "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    mkdir "$work"
    ln -s "$cache" "$scratch/cache"
    # shellcheck disable=SC2034 # the commands read it
    plain=$scratch/cache
    "$@"
  ) 9>"$cache/lock"
}
