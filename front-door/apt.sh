# shellcheck shell=sh disable=SC2154 # drydock assigns cache and work
# The packages of this machine's own suite, and those of a newer one, which stay in the
# cache folder. Sourced by ./drydock, whose helpers it uses.

os() { # FIELD of os-release(5); empty where there is none.
  # shellcheck disable=SC1091
  [ ! -r /etc/os-release ] || (. /etc/os-release && eval "printf '%s' \"\${$1:-}\"")
}

# Derivatives keep other suites and keys than these two.
is_debian() { case $(os ID) in debian | ubuntu) have apt-get && have dpkg-deb ;; *) false ;; esac; }
as_root() { [ "$(id -u)" = 0 ]; }

system_packages() { # PACKAGE...: installs them from the machine's own suite.
  confirm "Install the system packages $*?"
  say "installing the system packages $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"; } \
    >"$cache/apt-install.log" 2>&1 9>&- || die "apt-get could not install $*; see $cache/apt-install.log"
}

# Prints where this machine's own suite comes from.
own_mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk -v own="$(os VERSION_CODENAME)" 'NR == 1 || $1 == own { uri = $2 } $1 == own { exit } END { print uri }'
}

newer_suite() { case $(os ID) in ubuntu) echo devel ;; *) echo forky ;; esac; }

# The images of containers turn apt's binary lists off, and each call then reads the text again.
newer_apt() {
  APT_CONFIG=$plain/apt/apt.conf "$@" -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin
}

# Whether the suite's lists are those that its signed list of lists names. apt itself
# looks when it fetches them.
newer_lists_whole() (
  cd "$cache/apt/lists" 2>/dev/null || exit 1
  suite=$(newer_suite)
  found=1
  for index in *_dists_"$suite"_*_Packages*; do
    [ -e "$index" ] || break
    name=$(printf '%s' "${index#*_dists_"$suite"_}" | tr _ / | sed 's/\.[a-z0-9]*$//')
    hash=$(/usr/lib/apt/apt-helper cat-file "$index" 2>/dev/null | hash_of)
    grep -q "^ $hash  *[0-9]*  *$name\$" "${index%%_dists_*}_dists_${suite}_InRelease" 2>/dev/null || exit 1
    found=0
  done
  exit "$found"
)

# Reads the lists of the suite nearest to the pinned nixpkgs, from the mirror that
# this machine itself uses.
newer_lists() {
  [ -z "${lists_read:-}" ] || return 0
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial" "$cache/apt/empty/partial"
  # What a tool would bring along only to be called by it, the machine's own Rust has.
  printf 'Package: cargo\nStatus: install ok installed\nArchitecture: %s\nVersion: 99\nMaintainer: none\nDescription: none\n\n' \
    "$(dpkg --print-architecture)" >"$cache/apt/status"
  case $(os ID) in ubuntu) components='main universe' ;; *) components=main ;; esac
  mirror=$(own_mirror)
  [ -n "$mirror" ] || die "apt names no package mirror for this machine; its sources have none"
  echo "deb [signed-by=/usr/share/keyrings/$(os ID)-archive-keyring.gpg] $mirror $(newer_suite) $components" >"$cache/apt/sources.list"
  cat >"$cache/apt/apt.conf" <<CONF
Dir::State "$plain/apt";
Dir::State::status "$plain/apt/status";
Dir::Cache "$plain/apt";
Dir::Etc::sourcelist "$plain/apt/sources.list";
Dir::Etc::sourceparts "-";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
CONF
  # Once for a shell that has the lock.
  lists_read=true
  ! newer_lists_whole || return 0
  say "reading the package lists of $(os ID) $(newer_suite)"
  rm -rf "$cache/apt/lists"
  mkdir -p "$cache/apt/lists/partial"
  newer_apt apt-get update -qq >"$cache/apt/update.log" 2>&1 ||
    die "apt-get update failed; see $cache/apt/update.log"
  newer_lists_whole || die "the lists that apt-get update has fetched are not those that the suite's signed list names; see $cache/apt/update.log"
}

# Prints the file names of PACKAGE... and of all that they depend on, each with its
# SHA-256 from the signed lists. (apt leaves out what it has already fetched, so it is
# shown an empty folder.)
newer_debs() {
  uris=$(newer_apt apt-get install -qq -y --print-uris -o Acquire::ForceHash=SHA256 \
    -o Dir::Cache::archives=empty/ "$@") &&
    printf '%s\n' "$uris" | awk 'sub(/^SHA256:/, "", $4) != 1 { exit 1 } { print $2, $4 }'
}

# Whether each file that newer_debs has named is there, with these bytes; prints those
# that are not.
debs_whole() { # LIST
  (cd "$cache/apt/archives" && awk '{ print $2 "  " $1 }' "$1" | LC_ALL=C sha256sum --check --quiet 2>/dev/null) |
    sed 's/: FAILED.*//' >"$work/wrong"
  [ ! -s "$work/wrong" ]
}

# Fetches the same. apt itself takes a file that is there for what it should be when its
# size is right, so whatever has other bytes goes first.
newer_fetch() { # PACKAGE...
  newer_debs "$@" >"$work/wanted" 2>"$cache/download.log" || return 1
  ! debs_whole "$work/wanted" || return 0
  while IFS= read -r deb; do rm -f "$cache/apt/archives/$deb"; done <"$work/wrong"
  newer_apt apt-get install -qq -y --download-only "$@" >"$cache/download.log" 2>&1 && debs_whole "$work/wanted"
}

newer_download() { # PACKAGE...
  newer_lists
  ! newer_fetch "$@" || return 0
  # A mirror drops the packages of old lists, so new lists are the first remedy.
  rm -rf "$cache/apt/lists"
  lists_read=
  newer_lists
  newer_fetch "$@" || die "apt-get could not fetch $*; see $cache/download.log"
}
