#!/bin/sh
# Starts the stack with the engine at hand, and holds its answer to what README.md shows.
set -eu

docker version --format 'Docker Engine {{.Server.Version}}'
answer=$(./drydock up)
printf '%s\n' "$answer"
for line in "It's easier to ask forgiveness than it is to get permission." 'X-Forwarded-Proto: https'; do
  printf '%s\n' "$answer" | grep -qxF "$line" || {
    echo "::error::the stack does not answer with the line: $line"
    exit 1
  }
done
./drydock down
