# What rust-overlay takes and refuses of a rust-toolchain.toml. Read at oxalica/rust-overlay
# 292249772330, lib/rust-bin.nix. A name, what was found, and what must be.
{ rust }:
let
  toolchain = text: rust.fromRustupToolchainFile (builtins.toFile "rust-toolchain" text);
  taken = toolchain: (builtins.tryEval toolchain.drvPath).success;
  pinned = toolchain "[toolchain]\nchannel = \"1.95.0\"\nprofile = \"minimal\"\n";
  for = targets: pinned.override { inherit targets; };
  table = {
    "a channel alone" = [
      (taken (toolchain "1.95.0\n"))
      true
    ];
    "a channel that there is not" = [
      (taken (toolchain "newest\n"))
      false
    ];
    "a profile that there is not" = [
      (taken (toolchain "[toolchain]\nchannel = \"1.95.0\"\nprofile = \"small\"\n"))
      false
    ];
    "a path" = [
      (taken (toolchain "[toolchain]\npath = \"/rust\"\n"))
      false
    ];
    "a target besides" = [
      (taken (for [ "wasm32-unknown-unknown" ]))
      true
    ];
    "a target that is none" = [
      (taken (for [ "wasm32" ]))
      false
    ];
  };
in
builtins.filter (name: builtins.elemAt table.${name} 0 != builtins.elemAt table.${name} 1) (
  builtins.attrNames table
)
