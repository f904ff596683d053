# shellcheck shell=bash
# Says which settings help a program to start and to answer, by what it asks the system for:
# addresses, files, folders, other services. Arguments: its name, its port, where it listens and what
# it speaks as the settings say it, its package's folder, a file with the paths of the sources, then
# those of ./box.sh, which BOX is the path of. STATED is what the setting files has by now, a line each.
set -euo pipefail

name=$1 port=$2 listen=$3 protocol=$4 package=$5 sources=$6
box=$7 files=$8 start=$9
shift 9
hint() { echo "drydock: $name $*"; }

folders=()
while [ "$1" != -- ]; do
  folders+=("$1")
  shift
done
shift
mkdir -p seen
bash "$BOX" "$box" "$files" "$start" "${folders[@]}" "/.seen=$PWD/seen" -- \
  strace --daemonize --follow-forks --output-separately --output=/.seen/thread --string-limit=400 --trace=%file,bind,listen,connect "$@" > lines 2>&1 &
program=$!
# Each call that it made, whole: every thread has a file.
calls() { cat seen/thread.* 2> /dev/null || :; }
runs() { kill -0 "$program" 2> /dev/null; }
awaits() { # TRIES COMMAND...: that it succeeds; each try is a tenth of a second.
  local tries=0
  until "${@:2}"; do
    tries=$((tries + 1))
    [ "$tries" -lt "$1" ] || return 1
    sleep 0.1
  done
}
# Whoever reads goes on to the end, or whoever writes would be killed for it.
listens() { ! runs || [ -n "$(calls | sed -n '/^listen(.* = 0$/p')" ]; }
awaits 100 listens || :

# ADDRESS PORT of each socket that is bound to one.
bound() {
  calls | sed -nE 's/^bind\([0-9]+, \{sa_family=AF_INET, sin_port=htons\(([0-9]+)\), sin_addr=inet_addr\("([^"]*)"\).* = 0$/\2 \1/p
    s/^bind\([0-9]+, \{sa_family=AF_INET6, sin6_port=htons\(([0-9]+)\), .*inet_pton\(AF_INET6, "([^"]*)".* = 0$/\2 \1/p' | grep -v ' 0$' | sort -u || :
}
status=
while read -r _ at; do
  # What it reads as it answers is seen as well.
  if status=$(curl --silent --max-time 5 --output body --write-out '%{http_code}' "http://127.0.0.1:$at/"); then
    [ "$protocol" = http ] || hint "speaks no TLS at port $at, so the setting is protocol = \"http\""
    break
  elif status=$(curl --silent --insecure --max-time 5 --output body --write-out '%{http_code}' "https://127.0.0.1:$at/"); then
    [ "$protocol" = https ] || hint "speaks TLS at port $at, so the setting is protocol = \"https\""
    break
  fi
  status=
done < <(bound)
kill -TERM "$program" 2> /dev/null || :
ended() { ! runs; }
awaits 50 ended || kill -KILL "$program" 2> /dev/null || :
wait "$program" 2> /dev/null || :
# strace writes its end down after it.
written_down() { [ ! -e "seen/thread.$program" ] || [ -n "$(sed -n '/^+++ /p' "seen/thread.$program")" ]; }
awaits 50 written_down || :

socket=
case $listen in
  /*) ;;
  *)
    mine=$(bound | sed -n "/ $port\$/p" | sed -n 1p)
    other=$(bound | sed -n 1p)
    if [ -z "$mine" ] && [ -n "$other" ]; then
      port=${other#* } mine=$other
      hint "listens at port $port, so the setting is port = $port"
    fi
    if [ -z "$other" ]; then
      denied=$(calls | sed -nE 's/^bind\([0-9]+, \{sa_family=AF_INET6?, sin6?_port=htons\(([0-9]+)\).* = -1 EACCES .*/\1/p' | sed -n 1p)
      if [ -n "$denied" ]; then
        hint "listens at port $denied, so the setting is port = $denied"
      fi
    fi
    if [[ $listen = all && ($mine = 127.* || $mine = "::1 "*) ]]; then
      hint "listens at ${mine% *} alone, so the setting is listen = \"loopback\""
    fi
    socket=$(calls | sed -nE 's/^bind\([0-9]+, \{sa_family=AF_UNIX, sun_path="([^"@]+)".*/\1/p' | sed -n 1p)
    if [ -n "$socket" ] && [ -z "$other" ]; then
      hint "listens at a Unix socket, so the setting is listen = \"$socket\""
    fi
    ;;
esac

declare -A wanted=() absent=() written=()
# Of what failed: the error, the call, the path and the rest.
failed=$(calls | sed -nE 's/^([a-z0-9_]+)\((AT_FDCWD, |[0-9]+, )?"([^"]+)"(.*) = -1 (E[A-Z]+) .*/\5\t\1\t\3\t\4/p' | sort -u)
may_not() { # FOLDER PATH: the folder is to be writable, by the path as it was given.
  local folder=$1
  # With a folder below that one it starts there; at the top, where it starts else, it can have none.
  [[ -n $start || ($2 = /* && -n $folder) ]] || folder=/build/source$folder
  written[${folder:-/}]=1
}
while IFS=$'\t' read -r error call path rest; do
  given=$path
  [[ $path = /* ]] || path=$start/$path
  path=$(realpath --canonicalize-missing --no-symlinks -- "$path")
  case $path in
    / | "${socket:-/}" | /proc* | /sys* | /dev* | /etc* | /nix* | /usr* | /bin* | /lib* | /run* | /var* | /.seen* | */ssl/* | */.env | *-journal | *-wal | *-shm) continue ;;
  esac
  case "$error $call$rest" in
    "ENOENT mkdir"*) ;; # its parent is the next that it asks for
    "E"[RAP]*" mkdir"*) may_not "$path" "$given" ;;
    *O_CREAT* | "E"[RAP]*O_WRONLY* | "E"[RAP]*O_RDWR* | "E"[RAP]*" rename"* | "E"[RAP]*" symlink"*) may_not "${path%/*}" "$given" ;;
    ENOENT*)
      below=${path#/build/source}
      below=${below#/}
      first=${below%%/*}
      case $below in
        "${package:-/}"/*)
          below=${below#"$package"/}
          ones=("$package/${below%%/*}")
          ;;
        *) ones=("$first" "$package/$first") ;;
      esac
      for one in "${ones[@]}"; do
        if grep --quiet --line-regexp --fixed-strings -- "$one" "$sources"; then
          wanted[$one]=1
          continue 2
        fi
      done
      # What it makes itself, it may look for before.
      for folder in "${folders[@]}"; do
        if [[ -n $status && $path/ = "${folder%%=*}"/* ]]; then continue 2; fi
      done
      absent[$path]=1
      ;;
  esac
done <<< "$failed"
list() { printf '%s\n' "$@" | sed '/./!d; s/.*/"&"/' | sort -u | paste -s -d ' '; }
if [ ${#wanted[@]} -gt 0 ]; then
  hint "looks for what the sources have and its image has not, so the setting is files = [ $(list "${!wanted[@]}" "$STATED") ]"
elif [ ${#absent[@]} -gt 0 ] && [ ${#written[@]} = 0 ] && [[ -z $status || $status = 5* ]]; then
  hint "looks for $(printf '%s\n' "${!absent[@]}" | sort | sed -n 1p), which there is not; the settings files, arguments and environment are about that"
fi
missing=()
for folder in "${!written[@]}"; do
  if [ "$folder" = / ]; then
    hint "writes to the folder /, which no setting lets it; a variable or an argument may name another"
    continue
  fi
  # What is below another one comes with it.
  for above in "${!written[@]}"; do
    [[ $above = / || $folder != "$above"/* ]] || continue 2
  done
  missing+=("$folder")
done
if [ ${#missing[@]} -gt 0 ]; then
  hint "writes where it may not, so the setting is writable = [ $(list "${missing[@]}" "${folders[@]%%=*}") ]"
fi
called=$(calls | sed -nE 's/^connect\([0-9]+, \{sa_family=AF_INET6?, sin6?_port=htons\(([0-9]+)\), .*inet_(addr|pton)\((AF_INET6, )?"([^"]*)".* = -1 .*/\4 \1/p' | sort -u | sed -n 1p)
case $called in
  '' | *' 0') ;;
  *' 53') hint "asks for another host's address as it starts: egress = true lets it out, or a service of the stack's own has that name; standalone = false leaves the question to the tests of the running stack" ;;
  *) hint "calls port ${called#* } of ${called% *}, where nobody is: it is another service, whose host a variable or an argument may name; standalone = false leaves the question to the tests of the running stack" ;;
esac
