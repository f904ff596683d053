# The two small programs that the images carry, whatever crate they are built
# for: the health check's client, and the keeper of the TLS key pair. They are
# a crate of their own, so that an edit of the service leaves them as they are.
{
  crane,
  deny,
  lib,
  pkgs,
  target,
}:
let
  built = import ./app.nix {
    inherit
      crane
      deny
      lib
      target
      ;
    src = ../tools;
    revision = "unknown";
  };
  # Each alone, since an image holds what it runs and nothing else.
  only =
    program: links:
    pkgs.runCommand program
      {
        meta.mainProgram = program;
        passthru = {
          inherit (built) tests;
          crate = built;
        };
      }
      ''
        mkdir -p "$out/bin"
        cp ${built}/bin/${program} "$out/bin/"
        for link in ${toString links}; do ln -s ${program} "$out/bin/$link"; done
      '';
in
{
  probe = only "probe" [ ];
  # It is the probe, too, when called by that name: two static programs would
  # each bring the same half a megabyte of libc and standard library.
  keypair = only "keypair" [ "probe" ];
}
