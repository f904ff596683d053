# shellcheck shell=bash
# `drydock-update-text BEFORE AFTER`: what an update changes for those who run it, as
# Markdown. Each of the two is a folder with `tree`, the sources; `image`, the archive of
# all images that they build; and `advisories`, RustSec's database as they have it.

say() { printf 'drydock: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

[ $# = 2 ] || { echo "usage: drydock-update-text BEFORE AFTER" >&2; exit 2; }
before=$(realpath -- "$1")
after=$(realpath -- "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch LC_ALL=C

# Prints table rows of what is not the same in two files of lines: what it belongs to, its
# name, its version and what else tells two of them apart, between tabs.
changes() { # FILE FILE
  jq --raw-output --null-input --rawfile before "$1" --rawfile after "$2" '
    def rows: split("\n") | map(select(. != "") | split("\t")) | group_by(.[0:2])
      | map({key: (.[0][0:2] | join("\t")), value: {in: .[0][0], name: .[0][1],
          versions: (map(if .[2] == "" then "no version" else .[2] end) | unique | join(", ")), all: (map(.[2:]) | unique)}}) | from_entries;
    ($before | rows) as $old | ($after | rows) as $new
    | [($old + $new | keys[]) as $key | ($new[$key] // $old[$key])
        + {from: ($old[$key].versions // "not there"), to: ($new[$key].versions // "gone"),
          same: ($old[$key].all == $new[$key].all)}
        | select(.same | not)]
    | group_by([.name, .from, .to]) | sort_by(.[0].name)[]
    | (.[0] | if .from == .to then .to = "\(.to) (built anew)" else . end) as $first
    | "| \($first.name) | \($first.from) | \($first.to) | \(map(.in) | unique | join(", ")) |"'
}

section() { # TITLE HEADINGS FILE NOTHING
  echo
  echo "### $1"
  echo
  if [ -s "$3" ]; then
    echo "| $2 |"
    echo "| $2 |" | sed 's/[^|]\{1,\}/ --- /g'
    cat "$3"
  else
    echo "$4"
  fi
}

# --- The flake's inputs ---------------------------------------------------------------

inputs() { # FOLDER
  jq --raw-output '
    .root as $root | .nodes as $nodes | $nodes[$root].inputs | to_entries[]
    | select(.value | type == "string") | $nodes[.value].locked as $locked
    | ["", .key, "\(($locked.rev // $locked.narHash)[0:12]) of \(($locked.lastModified // 0 | todate)[0:10])"] | @tsv' "$1/tree/flake.lock"
}

# --- What the images hold -------------------------------------------------------------

unpack() { # FOLDER NAME: the archive, and what is in which image, by store path.
  mkdir "$scratch/$2"
  tar -C "$scratch/$2" -xf "$1/image"
  (
    cd "$scratch/$2" || exit
    jq --raw-output '.[] | .RepoTags[0] as $image | .Layers[] | [$image, .] | @tsv' manifest.json |
      while IFS=$'\t' read -r image layer; do
        # A version begins with a digit, as Nix has it.
        { tar -tf "$layer" | grep -oE 'nix/store/[^/]+' || :; } | sort -u |
          sed -E "s|nix/store/([a-z0-9]{32})-(.*)|\2-\t\1|; s|^([^\t]*[^-\t])-([0-9][^\t]*)-\t|\1\t\2\t|; s|-\t|\t\t|; s|^|$image\t|"
      done
  ) | sort -u >"$scratch/$2.paths"
}

digests() { # NAME: image and digest of its configuration
  jq --raw-output '.[] | [.RepoTags[0], "", "sha256:" + (.Config | split("/") | last | rtrimstr(".json"))] | @tsv' "$scratch/$1/manifest.json"
}

# --- Crates and what is known of them ---------------------------------------------------

locks() { (cd "$1/tree" && find . -name Cargo.lock -not -path '*/target/*' | sed 's|^\./||' | sort); } # FOLDER

crates() { # FOLDER
  locks "$1" | while read -r lock; do
    sed -n '/^name = "/{s/.*"\(.*\)"/\1/;h}; /^version = "/{s/.*"\(.*\)"/\1/;H;x;s/\n/\t/p}' "$1/tree/$lock" | sed "s|^|$lock\t|"
  done
}

# What a lock file's crates are known for: lock, advisory, crate, version, title.
audited() { # FOLDER DATABASE-OF
  locks "$1" | while read -r lock; do
    (
      cd "$1/tree/$(dirname "$lock")" || exit
      # With what it finds, it ends with 1. Its settings are in the crate's folder.
      cargo-audit audit --no-fetch --ignore yanked --db "$2/advisories" --file Cargo.lock --json >"$scratch/audit" 2>"$scratch/log" || :
    )
    jq --raw-output --slurp --arg lock "$lock" '
      .[0] // error("it printed nothing") | [.vulnerabilities.list[], (.warnings // {} | .[][] | select(.advisory != null))][]
      | [$lock, .advisory.id, .package.name, .package.version, .advisory.title] | @tsv' "$scratch/audit" 2>"$scratch/wrong" || {
      cat "$scratch/log" "$scratch/wrong" >&2
      die "cargo-audit could not read $1/tree/$lock"
    }
  done
}

advisories() {
  jq --raw-output --null-input --rawfile before "$scratch/known-before" --rawfile between "$scratch/known-between" \
    --rawfile after "$scratch/known-after" --rawfile versions "$scratch/after.crates" '
    def rows: split("\n") | map(select(. != "") | split("\t"))
      | map({key: (.[0:3] | join("\t")), value: {lock: .[0], id: .[1], crate: .[2], version: .[3], title: .[4]}}) | from_entries;
    ($before | rows) as $old | ($between | rows) as $published | ($after | rows) as $new
    | ($versions | split("\n") | map(select(. != "") | split("\t"))) as $locked
    | def now: . as $found | [$locked[] | select(.[0] == $found.lock and .[1] == $found.crate) | .[2]]
        | if . == [] then "\($found.crate) is gone" else "\($found.crate) is now \(join(", "))" end;
    [($old + $published + $new | keys[]) as $key
      | ($new[$key] // $published[$key] // $old[$key])
      | .what = if $new[$key] and $old[$key] then [3, "still open"]
          elif $new[$key] and $published[$key] then [0, "**opened**: published since"]
          elif $new[$key] then [0, "**opened**: comes with this version"]
          elif $published[$key] and $old[$key] then [1, "closed: \(now)"]
          elif $published[$key] then [1, "published since, and closed: \(now)"]
          else [2, "closed: the database has taken it back"] end]
    | group_by([.what, .id, .crate, .version])[]
    | .[0] as $first
    | "| \($first.id) | \($first.title) | \($first.crate) \($first.version) | \(map(.lock) | unique | join(", ")) | \($first.what[1]) |"'
}

# --- The text ---------------------------------------------------------------------------

for side in before after; do
  folder=${!side}
  for part in tree/flake.lock image advisories; do
    [ -e "$folder/$part" ] || die "there is no $part in $folder"
  done
  inputs "$folder" >"$scratch/$side.inputs"
  unpack "$folder" "$side"
  digests "$side" >"$scratch/$side.digests"
  crates "$folder" >"$scratch/$side.crates"
done
# With one database alone, nothing could be said of what the other would have known.
if [ -d "$before/advisories/crates" ] && [ -d "$after/advisories/crates" ]; then
  audited "$before" "$before" >"$scratch/known-before"
  audited "$before" "$after" >"$scratch/known-between"
  audited "$after" "$after" >"$scratch/known-after"
  nothing="None, of $(find -L "$after/advisories/crates" -name '*.md' | wc -l) that the database has."
else
  : | tee "$scratch/known-before" "$scratch/known-between" >"$scratch/known-after"
  nothing="Nothing was looked up: there is no advisory database on one of both sides."
fi

for part in inputs paths crates; do
  changes "$scratch/before.$part" "$scratch/after.$part" >"$scratch/$part"
done
sed -i 's/ |  |$/ |/' "$scratch/inputs"
advisories >"$scratch/advisories"
# Each image has a line, whether its digest is another or not.
jq --raw-output --null-input --rawfile before "$scratch/before.digests" --rawfile after "$scratch/after.digests" '
  def rows: split("\n") | map(select(. != "") | split("\t")) | map({key: .[0], value: .[2]}) | from_entries;
  ($before | rows) as $old | ($after | rows) as $new
  | ($old + $new | keys[]) as $image
  | "| \($image) | \($old[$image] // "not there") | \(if $old[$image] == $new[$image] then "the same" else $new[$image] // "gone" end) |"' >"$scratch/digests"

# It compares with a limit that nothing reaches; that more than one layer is shipped is no
# error here.
image-compare "$before/image" "$after/image" '*' 18446744073709551615 >"$scratch/table" 2>"$scratch/log" || :
bytes=$(sed -n 's/^to ship: \([0-9]*\) bytes.*/\1/p' "$scratch/table")
[ -n "$bytes" ] || { cat "$scratch/log" >&2; die "the two archives cannot be compared"; }

echo "## What this update changes"
section "Inputs" "input | before | after" "$scratch/inputs" "None."
section "Packages in the images" "package | before | after | image" "$scratch/paths" "None."
section "Crates" "crate | before | after | lock files" "$scratch/crates" "None."
section "Advisories" "advisory | about | crate | lock files | what changes" "$scratch/advisories" "$nothing"
section "Images" "image | configuration before | configuration after" "$scratch/digests" "None."
echo
echo "An update ships $bytes bytes, compressed:"
echo
echo '```'
grep -v '^to ship: ' "$scratch/table"
echo '```'
