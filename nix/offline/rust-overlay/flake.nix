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
          # The front door has put the toolchain into the store under this hash.
          original = derivation {
            name = "rust-toolchain";
            inherit (pkgs.stdenv.hostPlatform) system;
            builder = "/bin/sh";
            args = [
              "-c"
              "echo 'the Rust toolchain is not in the store: run ./drydock again' >&2; exit 1"
            ];
            outputHashMode = "recursive";
            outputHash = lock.hash;
          };
          patched =
            pkgs.runCommand "rust-${lock.version}"
              {
                nativeBuildInputs = [ pkgs.patchelf ];
                meta.mainProgram = "rustc";
              }
              ''
                cp -a ${original} "$out"
                chmod -R u+w "$out"
                libraries=$(echo ${pkgs.glibc}/lib/*-linux-gnu)
                for file in "$out"/bin/* "$out"/lib/*.so* "$out"/lib/rustlib/*/bin/* "$out"/lib/rustlib/*/bin/*/*; do
                  [ "$(head -c 4 "$file" 2>/dev/null | tail -c 3)" = ELF ] || continue
                  patchelf --set-rpath "$out/lib:$libraries" "$file"
                  case $file in
                    *.so*) ;;
                    *) patchelf --set-interpreter "$(echo "$libraries"/ld-linux*.so.*)" "$file" ;;
                  esac
                done
              '';
          withTargets =
            {
              targets ? [ ],
              extensions ? [ ],
            }:
            let
              missing = builtins.filter (target: !builtins.elem target lock.targets) targets;
            in
            if missing != [ ] then
              throw "the machine's Rust toolchain has no target ${toString missing}"
            else
              patched;
        in
        {
          fromRustupToolchainFile =
            path:
            let
              wanted = (lib.importTOML path).toolchain.channel;
            in
            if wanted != lock.version then
              throw "${toString path} asks for Rust ${wanted}; the machine's is ${lock.version}"
            else
              patched // { override = withTargets; };
        };
    };
}
