# What `./drydock up`, `down`, `reload-tls`, `test` and the like hand over to, as apps of the
# flake. An index only: a command is the file of its name, after what those have in common.
{
  pkgs,
  # The archive of all images, and of each alone, by its name.
  image,
  images,
  # The name of the service's own.
  serviceImage,
  containerTests,
  # Has bin/drydock-affected.
  affected,
  # Has bin/drydock-affected-test.
  affectedTest,
  # Has bin/drydock-bench.
  bench,
  # Has bin/drydock-engine.
  engine,
  # Has bin/drydock-publish.
  publish,
  # Has bin/drydock-typed-test.
  typedTest,
  # Has bin/drydock-verify.
  verify,
  # The archive of the image that the edit-run loop runs in, its name, and the loop without
  # containers.
  imageDev,
  devImage,
  devHost,
  # The service's crates, as a folder with cargo's settings for them.
  crates,
  # Has bin/drydock-goss.
  goss,
  # The TLS scanner, which nixpkgs does not have.
  sslyze,
  # Has axe.min.js, which the browser runs on the page.
  axeCore,
}:
let
  inherit (pkgs) lib;

  # Compose is called by its own name, so that no CLI plug-in has to be installed.
  stackTools = [
    engine
    pkgs.curl
    pkgs.docker-client
    pkgs.docker-compose
    pkgs.gnutar
    pkgs.jq
    pkgs.openssl
  ];
  # What the tests look with besides: a browser, handshakes, the layers of an image,
  # and the forms of an asset.
  testTools = [
    pkgs.brotli
    pkgs.chromedriver
    pkgs.chromium
    pkgs.gnutls
    pkgs.gzip
    pkgs.testssl
    sslyze
    pkgs.zstd
  ];

  # What is in an archive, as an engine says it of the image: see ./images.sh. Tar gives
  # the members' names as they are in the archive.
  madeOf =
    archive:
    pkgs.runCommand "made-of.json"
      {
        nativeBuildInputs = [
          pkgs.gnutar
          pkgs.gzip
          pkgs.jq
        ];
      }
      ''
        config=$(tar -xOf ${archive} manifest.json | jq -r '.[0].Config')
        tar -xOf ${archive} "$config" | jq '{ layers: .rootfs.diff_ids, config }' > "$out"
      '';
  # Each alone, not the archive of all, which would have to be made of these first; and an
  # engine that has one is left alone: after an edit, most of what is loaded is as it was.
  load = images: ''
    ${builtins.readFile ./images.sh}
    load_images() {
      # What is not there is not in the list.
      there=$(docker image inspect ${toString (builtins.attrNames images)} 2>/dev/null || :)
      ${lib.concatLines (
        lib.mapAttrsToList (name: archive: "load ${name} ${archive} ${madeOf archive}") images
      )}
    }
  '';
  script =
    name: parts:
    pkgs.writeShellApplication {
      name = "drydock-${name}";
      runtimeInputs = stackTools;
      text = lib.concatLines (
        [
          (builtins.readFile ./ports.sh)
          (builtins.readFile ./stack.sh)
        ]
        ++ parts
        ++ [ (builtins.readFile (./. + "/${name}.sh")) ]
      );
    };
  served = builtins.readFile ./served.sh;
  app = description: program: {
    type = "app";
    program = lib.getExe program;
    meta = { inherit description; };
  };

  up = script "up" [
    "service=${serviceImage}"
    (load images)
    served
  ];
  down = script "down" [ ];
  reloadTls = script "reload-tls" [ served ];
  dev = script "dev" [ (load { ${devImage} = imageDev; }) ];
  test = pkgs.writeShellApplication {
    name = "drydock-test";
    runtimeInputs = stackTools ++ testTools ++ [ reloadTls ];
    text = ''
      export DRYDOCK_ROOT="''${DRYDOCK_ROOT:-$PWD}"
      drydock-engine
      docker load --quiet --input ${image} >&2
      export DRYDOCK_CRATES=${crates}/config.toml
      export DRYDOCK_UP=${lib.getExe up} DRYDOCK_DOWN=${lib.getExe down}
      export DRYDOCK_DEV=${lib.getExe dev} DRYDOCK_DEV_HOST=${lib.getExe devHost}
      export DRYDOCK_AXE=${axeCore}/axe.min.js
      # The same letters on every machine.
      export FONTCONFIG_FILE=${pkgs.makeFontsConf { fontDirectories = [ pkgs.dejavu_fonts ]; }}
      exec ${lib.getExe containerTests} "$@"
    '';
  };
in
{
  up = app "load the images, start the stack and show its answer" up;
  dev = app "build at each save and swap the running program" dev;
  dev-host = app "build at each save and swap the running program, without containers" devHost;
  down = app "stop the stack and remove its containers and networks" down;
  reload-tls = app "check the pair in nginx/tls and serve it without dropping a connection" reloadTls;
  test = app "test the running images" test;
  engine = app "see that a Docker engine answers, and start one if asked to" engine;
  # Alone, so that only who has none fetches it.
  dockerd = {
    type = "app";
    program = lib.getExe' pkgs.docker "dockerd";
    meta.description = "the pinned Docker engine";
  };
  typed-test = app "type the three commands of the README in every kind of shell" typedTest;
  affected = app "print which outputs of the flake a change touches" affected;
  affected-test = app "test the same on example changes" affectedTest;
  bench = app "measure the service side by side with others" bench;
  publish = app "copy both images to a registry and print their names by digest" publish;
  verify = app "build both images once more and compare" verify;
  goss = app "look at a running container of each stage with Goss" goss;
}
