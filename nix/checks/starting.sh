# shellcheck shell=bash
# Says which settings help a program to start and to answer, by what it asks the system for:
# addresses, files, folders, other services. Arguments: its name, its port, where it listens and what
# it speaks as the settings say it, its package's folder, a file with the paths of the sources, then
# those of ./box.sh, which BOX is the path of; HINT is that of ../commands/hint.sh. STATED is what the
# setting files has by now, a line each, and STOP and PERIOD are the settings stop and startPeriod.
set -euo pipefail

name=$1 port=$2 listen=$3 protocol=$4 package=$5 sources=$6
box=$7 files=$8 start=$9
shift 9
said=
hint() { said=1 && echo "drydock: $name $*"; }

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
awaits "${PERIOD}0" listens || :

# ADDRESS PORT of each socket whose bind has that RESULT: the settings' port first, then by number.
bound() { # RESULT
  calls | sed -nE "s/^bind\([0-9]+, \{sa_family=AF_INET, sin_port=htons\(([0-9]+)\), sin_addr=inet_addr\(\"([^\"]*)\"\).* = $1\$/\2 \1/p
    s/^bind\([0-9]+, \{sa_family=AF_INET6, sin6_port=htons\(([0-9]+)\), .*inet_pton\(AF_INET6, \"([^\"]*)\".* = $1\$/\2 \1/p" |
    sed "/ 0\$/d; s/^/1 /; s/^1 \(.* $port\)\$/0 \1/" | sort -u -k 1,1 -k 3n -k 2,2 | cut -d ' ' -f 2-
}
elsewhere='a variable or an argument of its own has to say otherwise, and no setting can'
# The one that is asked, or would be, and what it speaks; what it reads as it answers is seen as well.
mine=$(bound 0 | sed -n 1p)
status='' speaks='' silent='' closed=
while read -r address number; do
  for speaks in http https; do
    answer=0
    status=$(curl --silent --insecure --max-time 5 --output body --write-out '%{http_code}' "$speaks://127.0.0.1:$number/") || answer=$?
    # What was connected to and said nothing in that time, or was closed.
    case $answer in 28) silent=1 ;; 52 | 56) closed=1 ;; esac
    if [ "$answer" = 0 ]; then
      # The settings' own is the one that counts, whatever it says.
      [ "${mine#* }" = "$port" ] || mine="$address $number"
      [ "${mine#* }" = "$number" ] || speaks=
      break 2
    fi
  done
  status='' speaks=''
done < <(bound 0)
# Who speaks HTTP/2 alone answers nothing else.
[[ -n $status || -z $mine ]] || ! curl --silent --http2-prior-knowledge --max-time 5 --output body "http://127.0.0.1:${mine#* }/" ||
  hint "speaks HTTP/2 alone at port ${mine#* }, as gRPC does, and the edge asks in HTTP/1.1: $elsewhere"
listening=$(calls | sed -n '/^listen(.* = 0$/p')
# Which of these signals it handles first, by their numbers: see proc_pid_status(5).
ends_at=none
handles_one() {
  local caught number
  caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$program/status" 2> /dev/null) || :
  for number in 15 2 3; do
    (( 16#${caught:-0} >> (number - 1) & 1 )) || continue
    ends_at=SIG$(kill -l "$number")
    return
  done
  return 1
}
awaits 20 handles_one || :
started=
runs && started=1
code=
runs || { code=0 && wait "$program" 2> /dev/null; } || code=$?
kill -TERM "$program" 2> /dev/null || :
ended() { ! runs; }
awaits 50 ended || kill -KILL "$program" 2> /dev/null || :
wait "$program" 2> /dev/null || :
# strace writes its end down after it.
written_down() { [ ! -e "seen/thread.$program" ] || [ -n "$(sed -n '/^+++ /p' "seen/thread.$program")" ]; }
awaits 50 written_down || :

# Where the path lies that it gives.
absolute() { # PATH
  [[ $1 = /* ]] || set -- "$start/$1"
  realpath --canonicalize-missing --no-symlinks -- "$1"
}
socket=$(calls | sed -nE 's/^bind\([0-9]+, \{sa_family=AF_UNIX, sun_path="([^"@]+)".*/\1/p' | sed -n 1p)
[ -z "$socket" ] || socket=$(absolute "$socket")
[ -n "$mine" ] || mine=$(bound '-1 EACCES .*' | sed -n 1p)
address=${mine% *} number=${mine#* }
if [ -n "$socket" ] && [[ -z $mine || $listen = /* ]]; then
  if [[ $socket != /*/* || $socket =~ ^/(nix|bin|etc|proc|sys|dev)/ ]]; then
    hint "listens at the Unix socket $socket, and the setting listen takes one in a folder of its own, or in /tmp: $elsewhere"
  elif [ "$socket" != "$listen" ]; then
    hint "listens at a Unix socket, so the setting is listen = \"$socket\""
  fi
elif [ -z "$mine" ]; then
  mine=$(bound '-1 EADDRNOTAVAIL .*' | sed -n 1p)
  if [ -n "$mine" ]; then
    hint "asks for the address ${mine% *}, which its container has not: $elsewhere; 0.0.0.0 is all that it has"
  elif [ -n "$(calls | sed -n '/^bind(.*htons(0)/{/= 0$/p}')" ] && [ -n "$(calls | sed -n '/^listen(.* = 0$/p')" ]; then
    hint "asks the system for any port, and has another one each time: $elsewhere"
  fi
elif [ "$address" = ::1 ]; then
  hint "listens at ::1 alone, where the edge does not ask: $elsewhere; 0.0.0.0 is all addresses"
elif [[ $address = 127.* && $number =~ ^(80|443|8081)$ ]]; then
  hint "listens at port $number of $address alone, a port that the edge has for itself in the network that they would share: $elsewhere; another port will do, or the address 0.0.0.0"
else
  [ "$number" = "$port" ] || hint "listens at port $number, so the setting is port = $number"
  if [[ $address = 127.* ]]; then
    [ "$listen" = loopback ] || hint "listens at $address alone, so the setting is listen = \"loopback\""
  elif [[ $listen = /* || $listen = loopback && $number =~ ^(80|443|8081)$ ]]; then
    hint "listens at all addresses, so the setting is listen = \"all\""
  fi
  [ "$speaks" = https ] && tls=TLS || tls='no TLS'
  [[ -z $speaks || $speaks = "$protocol" ]] || hint "speaks $tls at port $number, so the setting is protocol = \"$speaks\""
fi
# What is made to heed SIGTERM does.
[[ -z $started || -z $listening || $ends_at = "$STOP" || $STOP$ends_at = noneSIGTERM ]] ||
  hint "handles $([ "$ends_at" = none ] && echo no signal || echo "$ends_at and no SIGTERM"), as the first process of a container has to, so the setting is stop = \"$ends_at\""
[ "$code" != 0 ] || hint "ends with 0 before it is told to, as one does that has nothing to do, is at the end of its input, or goes on in the background: a subcommand or another argument may have it serve where it is, as arguments = [ \"serve\" ]"
# What listens at a socket that is stated has its folder.
[[ $listen != /* ]] || socket=$listen

beside=
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
  path=$(absolute "$path")
  [[ $socket/ != "$path"/* ]] || continue
  case $path in
    /nix/store/*/bin/*) [ "$error" != ENOENT ] || beside=$path; continue ;;
    / | /proc* | /sys* | /dev* | /nix* | /usr* | /bin* | /lib* | /.seen* | */ssl/* | */.env | */.git* | */.ignore | *-journal | *-wal | *-shm) continue ;;
    # Much looks there, and does without.
    /etc/* | /run/* | /var/* | /.*/*) [[ $error != ENOENT || $call$rest = *@(mkdir|O_CREAT)* ]] || grep --quiet --fixed-strings -- "$given" lines || continue ;;
  esac
  case "$error $call$rest" in
    "ENOENT mkdir"*) ;; # its parent is the next that it asks for
    "E"[RAP]*" mkdir"*) may_not "$path" "$given" ;;
    *O_CREAT* | "E"[RAP]*O_WRONLY* | "E"[RAP]*O_RDWR* | "E"[RAP]*" rename"* | "E"[RAP]*" symlink"*) may_not "${path%/*}" "$given" ;;
    "ENOENT"*)
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
      absent[$path]=$given
      ;;
  esac
done <<< "$failed"
# Another program that it runs, of those that are nowhere.
run=$(calls | sed -nE 's|^execve\("([^"]*/)?([^"/]+)", .* = -1 ENOENT .*|\2|p' | sort -u | sed -n 1p)
[[ -z $run || ( -n $status && $status != 5* ) ]] ||
  hint "runs the program $run, and its image has no program but itself, which no setting changes: it has to do without"
[[ -z $beside || -n $status ]] ||
  hint "looks for ${beside##*/} beside itself, where nothing but programs can be: a variable or an argument may name another place, such as that of the setting files"
[[ -z $silent || -n $status ]] ||
  hint "does not answer / within 5 seconds; the setting ready names a path that it answers at once, as ready = \"/health\""
list() { printf '%s\n' "$@" | sed '/./!d; s/.*/"&"/' | sort -u | paste -s -d ' '; }
missing=()
for folder in "${!written[@]}"; do
  # As the settings take it: see ../settings/types.nix.
  if [[ ! $folder =~ ^(/\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)+$ || $folder =~ ^/etc(/|$) ]]; then
    hint "writes to the folder $folder, which no setting lets it; a variable or an argument may name another"
    continue
  fi
  # What is below another one comes with it.
  for above in "${!written[@]}"; do
    [[ $above = / || $folder != "$above"/* ]] || continue 2
  done
  missing+=("$folder")
done
# What lies in a folder that it writes to is no file of its image: the volume would hide it.
mapfile -t listed < <(sed '/./!d' <<< "$STATED")
given=()
for one in "${!wanted[@]}" "${listed[@]}"; do
  for folder in "${missing[@]}" "${folders[@]%%=*}"; do
    [[ /build/source/$one/ != "$folder"/* ]] || continue 2
  done
  given+=("$one")
done
before=$said said=
[ "$(list "${given[@]}")" = "$(list "${listed[@]}")" ] ||
  hint "looks for what the sources have and its image has not, so the setting is files = [ $(list "${given[@]}") ]"
[ ${#missing[@]} = 0 ] ||
  hint "writes where it may not, so the setting is writable = [ $(list "${missing[@]}" "${folders[@]%%=*}") ]"
called=$(calls | sed -nE 's/^connect\([0-9]+, \{sa_family=AF_INET6?, sin6?_port=htons\(([0-9]+)\), .*inet_(addr|pton)\((AF_INET6, )?"([^"]*)".* = -1 .*/\4 \1/p' | sort -u | sed -n 1p)
case $called in
  '' | *' 0') ;;
  *' 53') hint "asks for another host's address as it starts or answers: egress = true lets it out, or a service of the stack's own has that name; standalone = false leaves the question to the tests of the running stack" ;;
  *) hint "calls port ${called#* } of ${called% *} as it starts or answers, where nobody is: it is another service, whose host a variable or an argument may name; standalone = false leaves the question to the tests of the running stack" ;;
esac
# What it lacks is why.
[[ -n $said || -z $closed || -n $status ]] || ! grep --quiet 'panicked at' lines ||
  hint "panics as it answers /; its log says where, and the setting ready names a path where it does not, as ready = \"/health\""
said=${said:-$before}
[[ -n $said || -n $listening || -z $started ]] ||
  hint "listens nowhere within $PERIOD seconds; the setting startPeriod gives it more, as startPeriod = $((4 * PERIOD))"
# Much is looked for that need not be there; what it wrote says more.
[[ -n $said || -n $listening ]] || ! grep --quiet 'panicked at' lines ||
  grep --quiet --ignore-case --extended-regexp 'no such file|not ?found|could not (find|open|read)|NotPresent|must be set|not set|missing' lines ||
  hint "panics as it starts, and not for want of a file: $(sed -n '/panicked at/{n;p;q;}' lines)"
if [[ -z $said && ${#absent[@]} != 0 && (-z $status || $status = 5*) ]] &&
  ! bash "$HINT" "$name" lines | grep --quiet 'the setting environment'; then
  one=$(for path in "${!absent[@]}"; do
    grep --quiet --fixed-strings -- "${absent[$path]}" lines && echo "0$path" || echo "1$path"
  done | sort | sed -n '1s/^.//p') tls=
  [[ $one != *.@(pem|key|crt|cer|p12) ]] || tls='; TLS is the edge'\''s, so that it may do without its own'
  hint "looks for $one, which there is not; the settings files, arguments and environment are about that$tls"
fi
