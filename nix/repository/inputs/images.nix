# What images look like that nixpkgs' dockerTools make, and what mergeImages takes.
# Read at corepkgs 9c8533eb0c40: build-support/docker/default.nix, stream_layered_image.py, and
# pkgs/flatten-references-graph, which are NixOS/nixpkgs' pkgs/build-support/docker and
# pkgs/by-name/fl/flatten-references-graph.
{ pkgs }:
let
  inherit (pkgs) lib;
  file = name: pkgs.writeText name name;
  # It refers to two files, one of them by way of the other.
  deep = pkgs.writeText "deep" "${file "deepest"}";
  program = pkgs.writeShellApplication {
    name = "program";
    text = "cat ${deep} ${file "shallow"}";
  };
  image =
    pipeline:
    pkgs.dockerTools.streamLayeredImage {
      name = "inputs/image";
      tag = "latest";
      contents = [ program ];
      config.Entrypoint = [ (lib.getExe program) ];
      # Were the program all that there is, nothing would be split off.
      config.Labels.other = file "other";
      extraCommands = "mkdir -m 1777 tmp";
      layeringPipeline = pipeline;
    };
  merged = pkgs.dockerTools.mergeImages [ ];
in
pkgs.runCommand "inputs-images"
  {
    nativeBuildInputs = merged.nativeBuildInputs ++ [ pkgs.jq ];
    # As it is: a build that fails would be no check.
    merge = merged.buildCommand;
  }
  ''
    failed=
    expect() { # WHAT FOUND EXPECTED
      [ "$2" = "$3" ] || { printf '%s: found "%s", expected "%s"\n' "$@" >&2; failed=1; }
    }
    unpack() { # FOLDER < ARCHIVE
      mkdir "$1"
      tar -x -C "$1"
    }

    # stream_layered_image.py
    ${image (import ../../images/layers.nix [ program ])} > image.tar
    unpack image < image.tar
    expect 'the files' "$(ls image | grep -v '^[0-9a-f]\{64\}\(.json\)\?$' | tr '\n' ' ')" 'manifest.json '
    config=image/$(jq -r '.[0].Config' image/manifest.json)
    expect 'the name' "$(jq -c '.[0].RepoTags' image/manifest.json)" '["inputs/image:latest"]'
    expect 'the time of creation' "$(jq -r .created "$config")" '1970-01-01T00:00:01+00:00'
    expect 'the system' "$(jq -r .os "$config")" linux
    expect 'a history for each layer' "$(jq '.history | length' "$config")" "$(jq '.[0].Layers | length' image/manifest.json)"
    expect 'the sums' "$(jq -c '.rootfs.diff_ids | map(ltrimstr("sha256:") + "/layer.tar")' "$config")" \
      "$(jq -c '.[0].Layers' image/manifest.json)"
    jq -r '.[0].Layers[]' image/manifest.json > layers
    first=image/$(head -n 1 layers)
    last=image/$(tail -n 1 layers) before=image/$(tail -n 2 layers | head -n 1)
    expect 'the sum of a layer' "$(sha256sum < "$first" | cut -d ' ' -f 1)/layer.tar" "''${first#image/}"
    expect 'the folders of a layer' "$(tar -tvPf "$first" --full-time | head -n 2 | tr -s ' ' | cut -d ' ' -f 1,2,4-)" \
      "drwxr-xr-x root/root 1970-01-01 00:00:01 /nix/
    drwxr-xr-x root/root 1970-01-01 00:00:01 /nix/store/"
    expect 'names without a slash before them' "$(tar -tPf "$first" | grep -vc '^/nix' || :)" 0
    expect 'the program in the last layer of the store' "$(tar -tPf "$before" | grep -cx ${program}/)" 1
    expect 'the links' "$(tar -tvf "$last" --full-time | tr -s ' ' | cut -d ' ' -f 1,2,4- | sort -k 5)" \
      "drwxr-xr-x 0/0 1980-01-01 00:00:00 ./
    drwxr-xr-x 0/0 1980-01-01 00:00:00 ./bin/
    lrwxrwxrwx 0/0 1980-01-01 00:00:00 ./bin/program -> ${program}/bin/program
    drwxrwxrwt 0/0 1980-01-01 00:00:00 ./tmp/"

    # flatten_references_graph: split_paths.py, lib.py
    for path in ${program} ${deep} ${file "deepest"} ${file "shallow"} ${file "other"}; do
      expect "layers with $path in" \
        "$(while read -r layer; do tar -tPf "image/$layer"; done < layers | grep -cx "$path/\?")" 1
    done
    ${
      image [
        [ "popularity_contest" ]
        [
          "limit_layers"
          2
        ]
      ]
    } | unpack limited
    expect 'the number of limited layers' "$(jq '.[0].Layers | length' limited/manifest.json)" 3

    # mergeImages
    merge_images() ( # FOLDER ARCHIVE...
      mkdir "$1"
      cd "$1"
      out=$PWD/merged
      shift
      images=$*
      eval "$merge"
    )
    gzip -n < image.tar > image.tar.gz
    merge_images both "$PWD/image.tar" "$PWD/image.tar.gz"
    expect 'the type of two' "$(file --mime-type -b both/merged)" application/gzip
    gzip -d < both/merged | unpack two
    expect 'both names' "$(jq length two/manifest.json)" 2
    expect 'the repositories' "$(cat two/repositories)" null
    merge_images plain "$PWD/image.tar.gz" "$PWD/image.tar"
    expect 'the type as the last' "$(file --mime-type -b plain/merged)" application/x-tar
    ln -s image.tar link.tar
    echo text > text.tar
    for archive in link.tar text.tar; do
      # In a condition, no failing command would end it.
      set +e
      (set -e; merge_images "of-$archive" "$PWD/image.tar" "$PWD/$archive") 2> log
      code=$?
      set -e
      expect "whether $archive is taken" "$([ "$code" = 0 ] && echo yes)" ""
      expect "what is said of $archive" "$(grep '^error' log)" \
        "error: unexpected layer type $(file --mime-type -b "$archive")"
    done
    expect 'the type of a link' "$(file --mime-type -b link.tar)" inode/symlink

    [ -z "$failed" ]
    touch "$out"
  ''
