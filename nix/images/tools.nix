# What the images for working on the crate have in common: the toolchain that builds
# the release images, a C compiler, a shell, and every crate of the lock files. The
# configuration of an image that has it is `config`, to which an entry point comes.
{
  lib,
  pkgs,
  # The very one that crane builds with.
  toolchain,
  # ../crate/vendored-crates.nix
  crates,
}:
{
  # All of these in one /bin, where the first of two programs with one name wins; and
  # the folders where something may be mounted.
  root =
    {
      # Of a name of its own, which its layer is called by.
      name,
      # Packages that have a bin.
      programs,
      # Below the root, without the slash.
      folders ? [ ],
    }:
    pkgs.runCommand name { } ''
      mkdir -p "$out/bin" "$out/.cargo" "$out/src" ${
        lib.concatMapStringsSep " " (folder: ''"$out/${folder}"'') folders
      }
      for package in ${
        lib.escapeShellArgs (
          [
            pkgs.stdenv.cc
            pkgs.stdenv.cc.bintools
            toolchain
          ]
          ++ programs
          ++ [
            pkgs.bashInteractive
            pkgs.coreutils
            pkgs.findutils
            pkgs.gnugrep
            pkgs.gnused
          ]
        )
      }; do
        for program in "$package"/bin/*; do
          [ -e "$out/bin/''${program##*/}" ] || ln -s "$program" "$out/bin/"
        done
      done
      [ -e "$out/bin/sh" ] || ln -s bash "$out/bin/sh"
      # Cargo looks for its settings in the folders above the crate, wherever it is.
      cp ${crates}/config.toml "$out/.cargo/config.toml"
    '';
  # No engine needs it, but compilers do; and nobody is root there.
  extraCommands = ''
    mkdir -m 1777 tmp
  '';
  config = {
    User = "10001:10001";
    WorkingDir = "/src";
    Env = [
      "PATH=/bin"
      "HOME=/tmp"
      "TMPDIR=/tmp"
      "CARGO_HOME=/tmp/cargo"
    ];
  };
}
