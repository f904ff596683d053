#!/bin/sh
# Starts the oldest Docker engine that is promised in the place of the runner's.
set -eu

# The last of its series, as it is published for every distribution.
version=25.0.5
sha256=d5ff82e5fd469aab5ce73f01c27fa4ca8df85e5376d8245d012c73694dc2fc95
promised=$(sed -n 's/^engine = "\(.*\)"/\1/p' nix/commands/oldest-engine.toml)
case $version in
  "$promised".*) ;;
  *)
    echo "::error file=.github/oldest-engine.sh::Engine $version is tried, and nix/commands/oldest-engine.toml promises $promised"
    exit 1
    ;;
esac

folder=/opt/oldest-engine
sudo systemctl stop docker.socket docker.service containerd.service
sudo mkdir "$folder"
curl --fail --silent --show-error --location --retry 3 --output docker.tgz \
  "https://download.docker.com/linux/static/stable/x86_64/docker-$version.tgz"
echo "$sha256 docker.tgz" | sha256sum --check
sudo tar -C "$folder" -xzf docker.tgz
rm docker.tgz
# Images and state of its own: a newer engine's are not meant for it. The log is this user's.
# shellcheck disable=SC2024
sudo env "PATH=$folder/docker:$PATH" dockerd --group docker --data-root "$folder/data" --exec-root /run/oldest-engine \
  >dockerd.log 2>&1 &
tries=0
until [ "$(docker version --format '{{.Server.Version}}' 2>/dev/null)" = "$version" ]; do
  tries=$((tries + 1))
  [ "$tries" -le 150 ] || {
    cat dockerd.log
    echo "::error::Engine $version did not answer within 30 seconds"
    exit 1
  }
  sleep 0.2
done
