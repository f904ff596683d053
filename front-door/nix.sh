# shellcheck shell=sh disable=SC2154 # drydock assigns cache, plain and work
# Finds a Nix, or brings one, and sets it up for this run. Sourced by ./drydock, whose
# helpers it uses.

# The oldest Nix that the pinned crane supports.
oldest_nix=2.31.2

version_at_least() { # WANTED FOUND
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

find_nix() { # Sets $nix to a Nix that is new enough, or fails.
  private=$(readlink "$cache/private-nix" 2>/dev/null) || private=
  private_shell=$(readlink "$cache/private-shell" 2>/dev/null) || private_shell=
  # One without the other is half a Nix.
  [ -x "$private_shell" ] || private=
  for nix in nix "$HOME/.nix-profile/bin/nix" /nix/var/nix/profiles/default/bin/nix "${private:+$private/bin/nix}"; do
    have "$nix" || continue
    version=$("$nix" --version 2>/dev/null) || continue
    version_at_least "$oldest_nix" "${version##* }" && return 0
  done
  return 1
}

install_nix() {
  ! find_nix || return 0
  is_debian || die "Nix $oldest_nix or newer is needed; the official installer is at https://nixos.org/download"
  as_root || die "Nix needs the folder /nix, which only root can make; run this once as root, or use the official installer at https://nixos.org/download"
  candidate=$(apt-cache policy nix-bin 2>/dev/null | awk '$1 == "Candidate:" { print $2 }')
  if [ "${candidate:-(none)}" != "(none)" ] && version_at_least "$oldest_nix" "$candidate"; then
    system_packages nix-bin
  else
    private_nix
  fi
  find_nix || die "Nix was installed, but it does not start"
}

# The newer suite's Nix, which its own ld.so starts: the host's libc stays as it is. It
# is kept in the store that it makes, where a stop half-way leaves nothing behind and a
# name has no special characters; two links in the cache folder keep it from being
# collected.
private_nix() {
  confirm "Unpack Nix, with its store in /nix?"
  say "unpacking Nix (its store is /nix)"
  newer_download nix-bin
  unpacked=$plain/${work##*/}/nix
  mkdir -p "$unpacked/bin"
  while read -r deb _; do dpkg-deb -x "$cache/apt/archives/$deb" "$unpacked"; done <"$work/wanted"
  for name in nix nix-build nix-daemon nix-instantiate nix-shell nix-store; do
    cat >"$unpacked/bin/$name" <<WRAPPER
#!/bin/sh
here=\${0%/*}
export NIX_BIN_DIR="\$here"
for loader in "\${here%/*}"/usr/lib/*/ld-linux*.so.*; do :; done
exec "\$loader" --library-path "\${loader%/*}" --argv0 $name "\${here%/*}/usr/bin/nix" "\$@"
WRAPPER
    chmod +x "$unpacked/bin/$name"
  done
  # The sandbox's /bin/sh is a path of its own, or the sandbox would have all of Nix in it.
  cp "$unpacked/usr/bin/bash-static" "$work/sh"
  add_root "$work/sh" private-shell
  add_root "$work/nix" private-nix
}

add_root() { # FILE-OR-FOLDER LINK
  path=$(new_store --recursive --add-fixed sha256 "$1")
  # A disk that was full may have left other bytes in a store that knows the path.
  new_store --verify-path "$path" 2>/dev/null || {
    new_store --delete --ignore-liveness "$path" >/dev/null 2>&1
    new_store --recursive --add-fixed sha256 "$1" >/dev/null
  }
  new_store --realise "$path" --add-root "$cache/$2" >/dev/null
}

new_store() { NIX_CONFIG='build-users-group =' "$unpacked/bin/nix-store" "$@"; }

# Settings for this run alone; nix.conf(5) of the machine stays as it is.
configure_nix() {
  settings='extra-experimental-features = nix-command flakes
warn-dirty = false'
  if as_root && ! { have getent && getent group nixbld >/dev/null; }; then
    # Packages make no build users; the sandbox is what keeps builds apart.
    settings="$settings
build-users-group ="
  fi
  if [ "$nix" = "$private/bin/nix" ]; then
    settings="$settings
sandbox = true
sandbox-paths = /bin/sh=$private_shell"
    # A linker takes one core, so another build has the other. Tests have limits on their
    # time, and have the machine for themselves.
    case $command in up | dev) settings="$settings
max-jobs = auto" ;; esac
  fi
  case $nix in */*) PATH=${nix%/*}:$PATH ;; esac
  export NIX_CONFIG="$settings${NIX_CONFIG:+
$NIX_CONFIG}"
}
