# The composition root of what is made from a crate, for one system. What it gives is a scope: an
# argument of a file below this folder is the attribute of that name in here, or else nixpkgs' own.
# Each setting is one of them. A folder's default.nix lists what it adds.
{
  # nixpkgs for one system.
  pkgs,
  # rust-overlay's `lib.mkRustBin { }`: the toolchains, for a nixpkgs.
  mkRustBin,
  # crane's `mkLib`: its library, for a nixpkgs.
  mkCrane,
  # RustSec's advisory database: a folder with `crates` in it, if there is one.
  advisoryDb ? null,
  # As they are given to the public function: see ./settings/rows.nix.
  settings,
  # Shell commands that change one line of the crate, run in its folder: what such a
  # change ships is checked. By itself it adds a text to `main`.
  edit ? null,
  # The edge's configuration, where it is worked on in the same tree: a path below that.
  edgeFolder ? null,
  # The last part of its image's name, and its name for Compose and for the edge.
  serviceName ? "app",
  # Which requests the edge has for it: below a path, or with a host's name.
  basePath ? "/",
  host ? "localhost",
  # Other folders that have a Cargo.lock, by name: crates that are worked on beside this one.
  otherCrates ? { },
}:
let
  inherit (pkgs) lib;
  checked = (import ./settings/check.nix { inherit lib; }).check settings;
  scope =
    checked
    // {
      inherit
        advisoryDb
        edgeFolder
        edit
        lib
        mkCrane
        mkRustBin
        otherCrates
        pkgs
        host
        basePath
        serviceName
        ;
      # As they were given, where what is said of them is another thing than what they mean.
      settings = checked;
      # A flake is a set; what is in it is below its path.
      src = checked.src.outPath or checked.src;
      revision =
        if checked.revision != null then
          checked.revision
        else
          checked.src.rev or checked.src.dirtyRev or "unknown";
      # The probe speaks no TLS.
      ready = if checked.protocol == "https" then "tcp" else checked.ready;
      call = import ./call.nix (pkgs // scope);
      # The other services behind the same edge, by name: a scope as this one for each.
      others = builtins.mapAttrs (
        name: given:
        import ./stack.nix {
          inherit
            advisoryDb
            mkCrane
            mkRustBin
            pkgs
            ;
          serviceName = name;
          basePath = given.path or "/";
          host = given.host or "localhost";
          settings = {
            inherit (checked) src strict;
          }
          // removeAttrs given [
            "host"
            "path"
          ]
          // {
            inherit (scope) repository revision;
          };
        }
      ) checked.services;
      # All of them.
      services = {
        ${serviceName} = scope;
      }
      // scope.others;
      formatter = pkgs.nixfmt;
    }
    // import ./crate scope
    // import ./edge scope
    // import ./images scope
    // import ./deploy scope
    // import ./commands scope
    // import ./checks scope;
in
scope
