# The small programs that the images carry, whatever crate they are built for: the
# health check's client, the keeper of the TLS key pair, what starts nginx, and the ACME client.
# Each is a crate of its own, so that an edit of the service leaves them as they are.
{
  call,
  # Drydock's own, for the machine that builds and for the target.
  crane,
  staticCrane,
  lib,
  pkgs,
}:
let
  # Alone, since an image holds what it runs and nothing else.
  only =
    program: arguments:
    let
      built = call ./build.nix (
        {
          inherit crane staticCrane;
          revision = "unknown";
          deny = ../../deny.toml;
        }
        // arguments
      );
    in
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
      '';
  # It starts by itself, where the compiler would link a program for musl with musl's start.
  bare =
    program: src:
    only program {
      inherit src;
      target = pkgs.stdenv.hostPlatform.rust.rustcTarget;
      # Its build script makes it static; its tests have a libc, and need not be.
      staticCrane = crane;
      rustFlags = "";
      libc = null;
    };
in
{
  acme = only "acme" {
    src = ../../crates/acme;
    deny = ../../crates/acme/deny.toml;
  };
  keypair = only "keypair" { src = ../../crates/keypair; };
  launch = bare "launch" ../../crates/launch;
  probe = bare "probe" ../../crates/probe;
}
