# The part of nixpkgs' dockerTools that nix/ and ../../../bench use: images, streamed or as an
# archive, and several in one archive. What an archive looks like is said in ./image.py.
{
  bash,
  file,
  gzip,
  jq,
  lib,
  python,
  runCommand,
  symlinkJoin,
  system,
  writeText,
  zstd,
}:
let
  compressors = {
    none = {
      ext = "";
      compress = "cat";
      decompress = "cat";
    };
    gz = {
      ext = ".gz";
      compress = "gzip -n";
      decompress = "gzip -d";
    };
    zstd = {
      ext = ".zst";
      compress = "zstd -T$NIX_BUILD_CORES";
      decompress = "zstd -d -T$NIX_BUILD_CORES";
    };
  };
  nativeBuildInputs = [
    gzip
    zstd
  ];

  # A program that writes the archive to its standard output, so that the store has no copy.
  streamLayeredImage =
    {
      name,
      tag,
      # How store paths become layers. nixpkgs counts the popularity otherwise where there is none.
      layeringPipeline ? [
        [ "popularity_contest" ]
        [
          "limit_layers"
          99
        ]
      ],
      contents ? [ ],
      config ? { },
      extraCommands ? "",
    }:
    let
      # Refers to the store paths that the configuration names.
      base = writeText "${baseNameOf name}-base.json" (
        builtins.toJSON {
          inherit config;
          architecture =
            {
              x86_64-linux = "amd64";
              aarch64-linux = "arm64";
            }
            .${system};
          os = "linux";
        }
      );
      # The links at the root, and what the commands make there; a tar keeps all modes.
      customisation = symlinkJoin {
        name = "${baseNameOf name}-customisation-layer";
        paths = lib.toList contents;
        inherit extraCommands;
        postBuild = ''
          mv "$out" old_out
          (cd old_out; eval "$extraCommands")
          mkdir "$out"
          tar -C old_out --sort name --numeric-owner --owner=0 --group=0 --mtime "@$SOURCE_DATE_EPOCH" \
            --hard-dereference -cf "$out/layer.tar" .
        '';
      };
      # The graph of a closure is exported as JSON, which only a derivation with such
      # attributes has.
      conf = derivation {
        name = "${baseNameOf name}-conf.json";
        inherit system;
        __structuredAttrs = true;
        exportReferencesGraph.graph = [
          base
          customisation
        ];
        excluded = [
          "${base}"
          "${customisation}"
        ];
        pipeline = layeringPipeline;
        base = "${base}";
        customisation = "${customisation}/layer.tar";
        repoTag = "${name}:${tag}";
        builder = lib.getExe python;
        args = [
          ./image.py
          "layers"
        ];
      };
    in
    runCommand "stream-${baseNameOf name}"
      {
        imageName = name;
        passthru = {
          imageTag = tag;
          isExe = true;
        };
      }
      ''
        printf '#!%s\nexec %s %s archive %s\n' ${lib.getExe bash} ${lib.getExe python} ${./image.py} ${conf} > "$out"
        chmod +x "$out"
      '';

  buildLayeredImage =
    {
      name,
      compressor ? "gz",
      ...
    }@image:
    let
      stream = streamLayeredImage (removeAttrs image [ "compressor" ]);
      inherit
        (compressors.${compressor}
          or (throw "in docker image ${name}: compressor must be one of: [${toString (builtins.attrNames compressors)}]")
        )
        compress
        ext
        ;
    in
    runCommand "${baseNameOf name}.tar${ext}" {
      inherit (stream) imageName;
      passthru = { inherit (stream) imageTag; };
      inherit nativeBuildInputs;
    } "${stream} | ${compress} > $out";
in
{
  inherit buildLayeredImage streamLayeredImage;

  # Everything in one layer.
  buildImage =
    {
      copyToRoot ? [ ],
      ...
    }@image:
    buildLayeredImage (
      removeAttrs image [ "copyToRoot" ]
      // {
        contents = copyToRoot;
        layeringPipeline = [ [ "flatten" ] ];
      }
    );

  mergeImages =
    images:
    runCommand "merge-docker-images"
      {
        inherit images;
        nativeBuildInputs = nativeBuildInputs ++ [
          file
          jq
        ];
      }
      ''
        mkdir image inputs
        for item in $images; do
          input=inputs/$(basename "$item")
          mkdir "$input"
          # Of a link it says that it is one.
          type=$(file --mime-type -b "$item")
          case $type in
            application/x-tar) decompress='${compressors.none.decompress}' compress='${compressors.none.compress}' ;;
            application/gzip) decompress='${compressors.gz.decompress}' compress='${compressors.gz.compress}' ;;
            application/zstd) decompress='${compressors.zstd.decompress}' compress="${compressors.zstd.compress}" ;;
            *) echo "error: unexpected layer type $type" >&2; exit 1 ;;
          esac
          $decompress < "$item" | tar -xC "$input"
        done
        cp -R --update=none inputs/*/* image/
        jq -s add inputs/*/manifest.json > image/manifest.json
        # Nobody makes this file any more, and so there is nothing to add up.
        jq -n null > image/repositories
        tar -C image --hard-dereference --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
          --transform 's|^\./||' -c . | $compress > "$out"
      '';
}
