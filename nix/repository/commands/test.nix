# The part of `./drydock test` that asks the running stack.
{
  # Has axe.min.js, which the browser runs on the page.
  axeCore,
  # Has bin/stack-tests.
  containerTests,
  # The service's crates, as a folder with cargo's settings for them.
  crates,
  deployments,
  image,
  image-acme,
  lib,
  mkCrane,
  mkRustBin,
  pkgs,
  port,
  programs,
  ready,
  # Pages of what the images are made of.
  report,
  repository,
  # As they were given.
  settings,
  # The TLS scanner, which nixpkgs does not have.
  sslyze,
  stackTools,
}:
let
  # See ../../../crates/workshop/stack-tests/src/service.rs.
  service = pkgs.writeText "service.json" (
    builtins.toJSON {
      inherit port repository;
      name = "app";
      readyPath = ready;
      path = "/";
      answer = "X-Forwarded-Proto: https";
      reference = true;
    }
  );
  # The stack of a service that may call others.
  withEgress = import ../../stack.nix {
    inherit mkCrane mkRustBin pkgs;
    settings = settings // {
      egress = true;
    };
  };
in
pkgs.writeShellApplication {
  name = "drydock-test";
  runtimeInputs = stackTools ++ [
    programs.reload-tls
    programs.status
    # What it looks with besides: a browser, handshakes, the layers of an image, the forms of an
    # asset, a registry, networks of several engines, another engine, and an authority.
    pkgs.brotli
    pkgs.chromedriver
    pkgs.chromium
    pkgs.distribution
    pkgs.gnutls
    pkgs.gzip
    pkgs.iproute2
    pkgs.kubectl
    pkgs.pebble
    pkgs.podman
    pkgs.testssl
    sslyze
    pkgs.zstd
  ];
  text = ''
    export DRYDOCK_ROOT="''${DRYDOCK_ROOT:-$PWD}"
    drydock-engine
    docker load --quiet --input ${image} >&2
    docker load --quiet --input ${image-acme} >&2
    export DRYDOCK_SERVICE=${service}
    export DRYDOCK_CRATES=${crates}/config.toml
    export DRYDOCK_UP=${lib.getExe programs.up} DRYDOCK_DOWN=${lib.getExe programs.down}
    export DRYDOCK_ROLLOUT=${lib.getExe programs.rollout}
    export DRYDOCK_PUBLISH=${lib.getExe programs.publish} DRYDOCK_SWARM=${deployments.swarm}/swarm.yaml
    export DRYDOCK_IMAGE=${image} DRYDOCK_KUBERNETES=${deployments.kubernetes}
    export DRYDOCK_DEV=${lib.getExe programs.dev} DRYDOCK_DEV_HOST=${lib.getExe programs.dev-host}
    export DRYDOCK_REPORT=${report}
    export DRYDOCK_EGRESS=${withEgress.composeFile}
    export DRYDOCK_AXE=${axeCore}/axe.min.js
    # The same letters on every machine.
    export FONTCONFIG_FILE=${pkgs.makeFontsConf { fontDirectories = [ pkgs.dejavu_fonts ]; }}
    exec ${lib.getExe containerTests} "$@"
  '';
}
