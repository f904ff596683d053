# shellcheck shell=bash disable=SC2154 # stack.sh assigns project
own "$project"
compose down
