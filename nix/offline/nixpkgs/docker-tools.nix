# The part of dockerTools that nix/ uses: layered images, one store path a
# layer, and several images in one archive.
{
  lib,
  runCommand,
  symlinkJoin,
  system,
  tools,
  writeScript,
  writeText,
}:
let
  architectures = {
    x86_64-linux = "amd64";
    aarch64-linux = "arm64";
  };
  packed = "--sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --format=gnu --hard-dereference";
  # What writes an archive to standard output, from the attributes of the derivation
  # that it is given as JSON: each store path in a layer of its own, or all in one.
  compose = attributes: single: ''
    set -euo pipefail
    export PATH=${tools}/bin
    mkdir image
    attribute() { jq -r ".$1" ${attributes}; }
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
      | sort_by((.path as $path | $volatile | index($path)) // -1, .closureSize, .path)[].path' ${attributes} > paths
    mkdir -p folders/nix/store
    chmod 0555 folders/nix folders/nix/store
    add_paths() { # PATH...
      # Names lose their slash, and what links point to does not.
      find "$@" -print | LC_ALL=C sort | tar ${packed} -P --transform 's|^/||S' --no-recursion -cf - \
        -C "$PWD/folders" nix nix/store -T - | add_layer
    }
    ${
      if single then
        "add_paths $(< paths)"
      else
        ''
          while read -r path; do
            add_paths "$path"
          done < paths
        ''
    }
    cp -a "$(attribute root)" customisation
    chmod -R u+w customisation
    (cd customisation; eval "$(attribute extraCommands)")
    tar ${packed} -C customisation --transform 's|^\./||' -cf - . | add_layer
    jq -S --rawfile digests digests '.image + {
        rootfs: { type: "layers", diff_ids: ($digests | split("\n") | map(select(. != "") | "sha256:" + .)) },
        history: (.image.created as $created | $digests | split("\n") | map(select(. != "") | { created: $created }))
      }' ${attributes} > config.json
    id=$(sha256sum config.json | cut -d ' ' -f 1)
    mv config.json "image/$id.json"
    jq -n --arg id "$id" --arg tag "$(attribute repoTag)" --rawfile digests digests '[{
        Config: "\($id).json",
        RepoTags: [$tag],
        Layers: ($digests | split("\n") | map(select(. != "") | . + "/layer.tar"))
      }]' > image/manifest.json
    tar ${packed} -C image --transform 's|^\./||' -cf - .
  '';

  # A derivation that does `script` with what an image is made of.
  imageDerivation =
    {
      name,
      tag,
      contents ? [ ],
      config ? { },
      created ? "1970-01-01T00:00:01Z",
      extraCommands ? "",
      # Of its steps those that nix/layers.nix takes: paths that are split off one
      # after the other come last, the first of them at the very end.
      layeringPipeline ? [ [ "popularity_contest" ] ],
      # Only what every gzip can write, and none; nixpkgs has more.
      compressor ? "gz",
    }:
    file: script:
    assert builtins.elem compressor [
      "gz"
      "none"
    ];
    let
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
      name = "${baseNameOf name}${file}";
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
          ${script}
          exit 0
        ''
      ];
    };

  # An archive as a file.
  archive =
    single:
    {
      compressor ? "gz",
      ...
    }@image:
    let
      compressed = compressor == "gz";
    in
    imageDerivation image ".tar${lib.optionalString compressed ".gz"}" ''
      compose() {
        ${compose ''"$NIX_ATTRS_JSON_FILE"'' single}
      }
      compose | ${if compressed then "gzip -n" else "cat"} > "$out"
    '';
in
{
  buildLayeredImage = archive false;

  # Everything in one layer.
  buildImage =
    {
      copyToRoot ? [ ],
      ...
    }@image:
    archive true (removeAttrs image [ "copyToRoot" ] // { contents = copyToRoot; });

  # A program that writes the archive when it is started, so that the store has no copy.
  streamLayeredImage =
    image:
    writeScript "stream-${baseNameOf image.name}" ''
      #!${tools}/bin/bash
      set -euo pipefail
      PATH=${tools}/bin
      folder=$(mktemp -d)
      trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
      cd "$folder"
      ${compose (imageDerivation image ".json" ''cp "$NIX_ATTRS_JSON_FILE" "$out"'') false}
    '';

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
