# The part of dockerTools that nix/ uses: layered images, one store path a
# layer, and several images in one archive.
{
  lib,
  runCommand,
  symlinkJoin,
  system,
  tools,
  writeText,
}:
let
  architectures = {
    x86_64-linux = "amd64";
    aarch64-linux = "arm64";
  };
  packed = "--sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --format=gnu --hard-dereference";
in
{
  buildLayeredImage =
    {
      name,
      tag,
      contents ? [ ],
      config ? { },
      created ? "1970-01-01T00:00:01Z",
      extraCommands ? "",
      # Of its steps those that nix/layers.nix takes: paths that are split off one
      # after the other come last, the first of them at the very end.
      layeringPipeline,
      # Only what every gzip can write, and none; nixpkgs has more.
      compressor ? "gz",
    }:
    assert builtins.elem compressor [
      "gz"
      "none"
    ];
    let
      compressed = compressor == "gz";
      splitOff =
        pipeline:
        if builtins.head (builtins.head pipeline) == "split_paths" then
          let
            rest = builtins.elemAt (builtins.elemAt pipeline 1) 2;
          in
          splitOff (builtins.elemAt rest 1) ++ builtins.elemAt (builtins.head pipeline) 1
        else
          [ ];
      # The links at the root.
      root = symlinkJoin {
        name = "${baseNameOf name}-root";
        paths = lib.toList contents;
      };
      # Refers to the store paths that the configuration names.
      baseJson = writeText "${baseNameOf name}-base.json" (builtins.toJSON config);
    in
    derivation {
      name = "${baseNameOf name}.tar${lib.optionalString compressed ".gz"}";
      inherit system;
      __structuredAttrs = true;
      builder = "${tools}/bin/bash";
      exportReferencesGraph.closure = [
        root
        baseJson
      ];
      omit = [
        "${root}"
        "${baseJson}"
      ];
      volatile = splitOff layeringPipeline;
      inherit extraCommands;
      root = "${root}";
      image = {
        inherit config created;
        architecture = architectures.${system};
        os = "linux";
      };
      repoTag = "${name}:${tag}";
      args = [
        "-c"
        ''
          set -euo pipefail
          source "$NIX_ATTRS_SH_FILE"
          out=''${outputs[out]}
          export PATH=${tools}/bin
          mkdir image
          add_layer() { # reads a tar
            cat > layer.tar
            digest=$(sha256sum layer.tar | cut -d ' ' -f 1)
            mkdir -p "image/$digest"
            mv layer.tar "image/$digest/layer.tar"
            echo "$digest" >> digests
          }
          # A path's closure is larger than that of all it refers to, so that
          # libraries come before what needs them.
          jq -r '. as { $omit, $volatile } | .closure | map(select(.path | IN($omit[]) | not))
            | sort_by((.path as $path | $volatile | index($path)) // -1, .closureSize, .path)[].path' "$NIX_ATTRS_JSON_FILE" > paths
          mkdir -p folders/nix/store
          chmod 0555 folders/nix folders/nix/store
          while read -r path; do
            # Names lose their slash, and what links point to does not.
            tar ${packed} -P --transform 's|^/||S' --no-recursion -cf - -C "$PWD/folders" nix nix/store \
              $(find "$path" -print | LC_ALL=C sort) | add_layer
          done < paths
          cp -a "$root" customisation
          chmod -R u+w customisation
          (cd customisation; eval "$extraCommands")
          tar ${packed} -C customisation --transform 's|^\./||' -cf - . | add_layer
          jq -S --rawfile digests digests '.image + {
              rootfs: { type: "layers", diff_ids: ($digests | split("\n") | map(select(. != "") | "sha256:" + .)) },
              history: (.image.created as $created | $digests | split("\n") | map(select(. != "") | { created: $created }))
            }' "$NIX_ATTRS_JSON_FILE" > config.json
          id=$(sha256sum config.json | cut -d ' ' -f 1)
          mv config.json "image/$id.json"
          jq -n --arg id "$id" --arg tag "$repoTag" --rawfile digests digests '[{
              Config: "\($id).json",
              RepoTags: [$tag],
              Layers: ($digests | split("\n") | map(select(. != "") | . + "/layer.tar"))
            }]' > image/manifest.json
          tar ${packed} -C image --transform 's|^\./||' -cf - . | ${
            if compressed then "gzip -n" else "cat"
          } > "$out"
          exit 0
        ''
      ];
    };

  mergeImages =
    images:
    runCommand "merge-docker-images" { inherit images; } ''
      mkdir image
      for item in $images; do
        mkdir input
        tar -C input -xzf "$item"
        mv input/manifest.json "manifest-$(basename "$item")"
        cp -R --update=none input/. image/
        rm -rf input
      done
      jq -s add manifest-* > image/manifest.json
      tar ${packed} -C image --transform 's|^\./||' -cf - . | gzip -n > "$out"
    '';
}
