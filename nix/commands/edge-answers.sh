# shellcheck shell=bash disable=SC2034 # others use what is found here
# How the service's replicas answer, by the edge's access log: each line has whom the edge asked, and
# what that answered. A line that is read is dated by the engine, which needs no clock of ours.

declare -A asked failed met
log_end=''

# Counts what the edge has asked since the last time; `edge_log` prints the end of its log, each line
# after its time. The last of several tries is the answer, and one before it has failed.
# shellcheck disable=SC2329 # not all parts of a command have a use for it
tally() {
  local address count bad
  while read -r address count bad; do
    if [ -z "$count" ]; then
      log_end=$address
    else
      asked[$address]=$((${asked[$address]:-0} + count))
      failed[$address]=$((${failed[$address]:-0} + bad))
    fi
  done < <(edge_log "$log_end" | jq -nRr --arg end "$log_end" '
    [inputs | index(" ") as $space | select($space)
      | {at: .[:$space], said: (.[$space + 1:] | fromjson? // empty | objects)} | select(.at > $end)]
    | (map(.at) | max // $end),
      ([.[].said | select((.upstream // "") != "") | [.upstream, .upstream_status // ""] | map([splits(", | : ")]) | transpose[]
          | {address: (.[0] | sub(":[0-9]+$"; "") | gsub("[][]"; "")), status: (.[1] // "-")}]
        | group_by(.address)[] | "\(.[0].address) \(length) \(map(select(.status | test("^5"))) | length)")')
}

# Forgets, once each, what was counted of addresses that others may have had before, and of the
# service's name, which stands for nobody who could be asked.
# shellcheck disable=SC2329 # likewise
meet() { # ADDRESS...
  local address
  for address; do
    [ -n "${met[$address]:-}" ] || unset "asked[$address]" "failed[$address]"
    met[$address]=yes
  done
}

sum() { # VARIABLE ADDRESS...
  local -n numbers=$1
  local address total=0
  for address in "${@:2}"; do total=$((total + ${numbers[$address]:-0})); done
  echo "$total"
}

# Keeps how these have answered, to compare others with it.
before_asked=0 before_failed=0
# shellcheck disable=SC2329 # likewise
remember() { # ADDRESS...
  before_asked=$(sum asked "$@") before_failed=$(sum failed "$@")
}

# Whether at least three answers of these have failed, and a part that is larger by one percent than before.
# shellcheck disable=SC2329 # likewise
failing() { # ADDRESS...
  local count bad of=$before_asked bad_of=$before_failed
  count=$(sum asked "$@") bad=$(sum failed "$@")
  [ "$of" -gt 0 ] || of=1 bad_of=0
  [ "$bad" -ge 3 ] && [ $((100 * bad * of)) -gt $((count * (100 * bad_of + of))) ] || return 1
  why="by the edge's log, $bad of $count answers of the new replicas failed ($before_failed of $before_asked before)"
}
