# The composition root of what is made from a crate, for one system. Another repository calls
# this on its own crate. What it gives is a scope: an argument of a file below this folder is
# the attribute of that name in here, or else nixpkgs' own. A folder's default.nix lists what
# it adds.
{
  # nixpkgs for one system.
  pkgs,
  # rust-overlay's `lib.mkRustBin { }`: the toolchains, for a nixpkgs.
  mkRustBin,
  # crane's `mkLib`: its library, for a nixpkgs.
  mkCrane,
  # The crate's folder: Cargo.toml, Cargo.lock, rust-toolchain.toml, src, tests.
  src,
  # The crate's binary, which the image starts.
  name,
  # The TCP port that it serves HTTP/1.1 on.
  port,
  # The path that answers 200 when it can take requests.
  readyPath ? "/readyz",
  # The first part of the images' names.
  repository ? "drydock",
  # What the crates may be, as cargo-deny's configuration: licences, doubles, sources.
  deny ? ../deny.toml,
  # RustSec's advisory database: a folder with `crates` in it, if there is one.
  advisoryDb ? null,
  # The folder that the edge serves below /assets/; what the crate's build finds
  # of it is a manifest named by DRYDOCK_ASSETS: see edge/assets.nix.
  assets ? null,
  # The source revision, for labels and `--version`.
  revision ? "unknown",
  # A TOML file of facts that hold of the crate's image in the place of those in
  # images/facts/app.toml: the budget of a larger one, say.
  facts ? null,
  # The same for the edge's image, images/facts/nginx.toml: what many assets need.
  edgeFacts ? null,
  # Shell commands that change one line of the crate, run in its folder: what such a
  # change ships is checked. This one adds a text to the binary, whatever the crate.
  edit ? "sed -i 's/fn main()[^{]*{/& std::hint::black_box(\"edited\");/' src/main.rs",
  # What such a change may ship: bytes, compressed. It is about what the binary weighs.
  editBytes ? 1100000,
  # Other folders that have a Cargo.lock, by name: crates that are worked on beside this one.
  otherCrates ? { },
}:
let
  scope = {
    inherit
      advisoryDb
      deny
      edgeFacts
      edit
      editBytes
      facts
      mkCrane
      mkRustBin
      name
      otherCrates
      pkgs
      port
      readyPath
      repository
      revision
      src
      ;
    inherit (pkgs) lib;
    # The folder as it was given; `assets` is what the edge serves.
    assetsFolder = assets;
    call = import ./call.nix (pkgs // scope);
    formatter = pkgs.nixfmt;
  }
  // import ./crate scope
  // import ./edge scope
  // import ./images scope
  // import ./commands scope
  // import ./checks scope;
in
scope
