# shellcheck shell=sh disable=SC2154 # drydock assigns folder
# Which files of the folder are the flake: those that git knows, or, where there is no
# git repository, those that git would not ignore. Nix itself would copy such a folder
# whole into its store, which everybody can read, with the user's TLS key in it.
# Sourced by ./drydock, whose helpers it uses.

# A folder's name as a part of a URL: every byte that means something there is encoded.
in_url() { # FOLDER
  case $1 in
    *[!A-Za-z0-9/._+-]*) printf '%s' "$1" | LC_ALL=C od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g; s,%2f,/,g' ;;
    *) printf '%s' "$1" ;;
  esac
}

path_flake() { printf 'path:%s' "$(in_url "$1")"; } # FOLDER

# A name as a word of a command that can be typed.
quoted() { # NAME
  case $1 in
    *[!A-Za-z0-9/._+,@-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf '%s' "$1" ;;
  esac
}

# Sets $known to whether git knows the files of a tree, and $top to where its repository is.
look_for_git() { # TREE
  known=false
  # Where Nix looks for a repository.
  top=$1
  until [ -z "$top" ] || [ -e "$top/.git" ]; do top=${top%/*}; done
  [ -n "$top" ] || return 0
  if ! have git; then
    # Nix reads a repository without it.
    [ "$top" != "$1" ] || known=true
  elif refused=$(LC_ALL=C git -C "$1" ls-files --error-unmatch -- flake.nix 2>&1 >/dev/null); then
    known=true
  else
    case $refused in
      *"dubious ownership"*)
        die "the repository $top belongs to another user, so git does not read it; this allows it: git config --global --add safe.directory $(quoted "$top")"
        ;;
      *"did not match any file"*) ;;
      *) say "git cannot read the repository in $top, which is taken for a plain folder: $(printf '%s' "$refused" | head -n 1)" ;;
    esac
  fi
}

# Sets $source to the URL of the flake, and $by_git to whether Nix asks git for its files.
find_source() {
  # What a hook of git's sets is about that hook's repository.
  unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_COMMON_DIR GIT_PREFIX
  look_for_git "$folder"
  by_git=$known
  if [ "$by_git" = true ]; then
    # Nix does the same for a clone without its history, and nothing here asks for one.
    source="git+file://$(in_url "$top")?shallow=1"
    [ "$top" = "$folder" ] || source="$source&dir=$(in_url "${folder#"$top"/}")"
  else
    source=$(copy_to_store "$folder" false .)
    source=path:$source
  fi
}

# Says which files a build does not have, since Nix leaves out what git does not know.
say_unknown() {
  [ "$by_git" = true ] && have git || return 0
  unknown=$(git -C "$folder" -c core.quotePath=false ls-files --others --exclude-standard --directory --no-empty-directory |
    # At the top, a note or a dump is nothing that is built.
    grep -E '/|\.(rs|nix|toml|lock|ya?ml)"?$') || return 0
  number=$(printf '%s\n' "$unknown" | wc -l)
  first=$(printf '%s\n' "$unknown" | head -n 4 | while IFS= read -r file; do
    case $file in \"*) printf ' %s' "$file" ;; *) printf ' %s' "$(quoted "$file")" ;; esac
  done)
  more=
  [ "$number" -le 4 ] || more=" and $((number - 4)) more"
  say "git does not know$first$more, so no build has them; this adds them: git add -N$first"
}

# Copies FOLDER, which is below TREE or is '.', into the store, without what git would
# ignore, and prints the path there. KNOWN says whether git knows the files of the tree.
copy_to_store() ( # TREE KNOWN FOLDER
  umask 077
  hidden=$(mktemp -d)
  trap 'chmod -R u+w "$hidden" && rm -rf "$hidden"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  cd "$1" || exit
  list_files "$2" "$3" "$hidden/git" >"$hidden/files" || die "no file of $1/$3 is one that git knows or would not ignore"
  mkdir "$hidden/tree"
  tar --create --null --no-recursion --files-from="$hidden/files" --file="$hidden/tar"
  tar --extract --file="$hidden/tar" --directory="$hidden/tree"
  # The name that Nix gives to sources, so that it does not copy them once more.
  mv "$hidden/tree/$3" "$hidden/source" 2>/dev/null || mv "$hidden/tree" "$hidden/source"
  nix-store --recursive --add-fixed sha256 "$hidden/source"
)

# Prints the files of FOLDER that git knows, or would not ignore; each ends in a NUL.
# Where there is no repository, GIT-DIR becomes one without anything in it.
list_files() { # KNOWN FOLDER GIT-DIR
  if ! have git; then
    list_without_git "$2"
  elif [ "$1" = true ]; then
    # One that was deleted is still known.
    # shellcheck disable=SC2016
    git ls-files -z --deduplicate -- "$2" |
      xargs -0 sh -c 'for file; do [ ! -e "$file" ] && [ ! -L "$file" ] || printf "%s\0" "$file"; done' sh
  else
    git init --quiet --bare --template= "$3" || return 1
    # What ends in a slash is another repository, whose files are its own.
    git --git-dir="$3" --work-tree=. ls-files -z --others --exclude-standard -- "$2" | grep -zv '/$'
  fi
}

# The same without git: whatever a pattern of .gitignore may mean is left out, also what
# a later line takes back in.
list_without_git() { # FOLDER
  nested=$(find . -path ./.gitignore -o -name .gitignore -print | head -n 1)
  [ -z "$nested" ] || die "without git, $nested cannot be read for what it leaves out; install git"
  say "there is no git here: what .gitignore may mean is left out, and what its lines with '!' take back in, too"
  from=.
  [ "$1" = . ] || from=./$1
  set -- -name .git
  while IFS= read -r pattern || [ -n "$pattern" ]; do
    # A file that was edited elsewhere may have other ends of lines.
    pattern=$(printf '%s' "$pattern" | tr -d '\r' | sed 's/[ /]*$//')
    case $pattern in
      '' | '#'* | '!'*) ;;
      /*) set -- "$@" -o -path ".$pattern" ;;
      '**/'*) set -- "$@" -o -path "*/${pattern#??/}" ;;
      */*) set -- "$@" -o -path "./$pattern" ;;
      *) set -- "$@" -o -name "$pattern" ;;
    esac
  done <.gitignore
  find "$from" \( "$@" \) -prune -o \( -type f -o -type l \) -print0
}
