{
  description = "A stand-in for rust-overlay: the machine's own toolchain, patched to run from the store";

  inputs.nixpkgs.url = "path:../nixpkgs";
  inputs.machine = {
    url = "path:./machine";
    flake = false;
  };

  outputs =
    { machine, ... }:
    let
      lock = (builtins.fromJSON (builtins.readFile "${machine}/lock.json")).rust;
    in
    {
      lib.mkRustBin =
        { }:
        pkgs:
        let
          inherit (pkgs) lib;
          # There is one toolchain: the components of the machine's, and its targets.
          withTargets =
            {
              targets ? [ ],
              extensions ? [ ],
            }:
            let
              missing = builtins.filter (target: !builtins.elem target lock.targets) targets;
            in
            if !builtins.all (target: builtins.match "[a-z0-9_.]+(-[a-z0-9_.]+)+" target != null) targets then
              throw "Unknown target ${toString missing}, typo or not supported by this version?"
            else if missing != [ ] then
              lib.warn "Rust for ${toString missing} comes with the pinned inputs alone; offline it is the machine's, for ${toString lock.targets}" pkgs.rustc
            else
              pkgs.rustc;
          fromRustupToolchain =
            file:
            {
              path ? null,
              channel ? null,
              profile ? null,
              components ? [ ],
              targets ? [ ],
            }:
            let
              of = "${baseNameOf file}: ";
              known = "stable|beta|nightly|[0-9]+\\.[0-9]+(\\.[0-9]+)?|(beta|nightly)-[0-9]+-[0-9]+-[0-9]+";
              is = channel == "stable" || channel == lock.version || lib.hasPrefix "${channel}." lock.version;
              chosen = pkgs.rustc // {
                override = withTargets;
              };
            in
            if path != null then
              throw "${of}`path` is not supported, please directly add it to your PATH instead"
            else if channel == null then
              throw "${of}`channel` is required"
            else if builtins.match known channel == null then
              throw "${of}Unknown channel: ${channel}"
            else if
              !builtins.elem profile [
                null
                "minimal"
                "default"
                "complete"
              ]
            then
              throw "${of}Rust ${lock.version} doesn't have profile `${profile}`."
            else if is then
              chosen
            else
              lib.warn "${of}Rust ${channel} comes with the pinned inputs alone; offline it is the machine's, ${lock.version}" chosen;
        in
        {
          # A channel alone, or TOML.
          fromRustupToolchainFile =
            path:
            let
              content = builtins.readFile path;
              plain = builtins.match "([^\r\n]+)\r?\n?" content;
            in
            fromRustupToolchain path (
              if plain != null then { channel = builtins.head plain; } else (builtins.fromTOML content).toolchain
            );
        };
    };
}
