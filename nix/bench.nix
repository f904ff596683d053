# `./drydock bench`: the driver, with every contender of ../bench/contenders.toml that can
# be had; one that is not among these is in the results as absent.
{
  # The service, as shipped.
  app,
  crane,
  # Starts Flask.
  gunicorn,
  lib,
  nginx,
  pkgs,
}:
let
  sourceOf =
    files:
    lib.fileset.toSource {
      root = ../bench;
      fileset = lib.fileset.unions (map (file: ../bench + "/${file}") files);
    };
  # The release build of a workspace, as cargo does it.
  programs =
    folder:
    crane.mkCargoDerivation {
      src = "${sourceOf [ folder ]}/${folder}";
      pname = "bench-${folder}";
      version = "0.1.0";
      strictDeps = true;
      cargoArtifacts = null;
      doInstallCargoArtifacts = false;
      buildPhaseCargoCommand = "cargoWithProfile build --locked";
      installPhaseCommand = ''
        mkdir -p "$out/bin"
        find target/release -maxdepth 1 -type f -perm -100 -exec cp {} "$out/bin/" \;
      '';
    };
in
pkgs.writeShellApplication {
  name = "drydock-bench";
  runtimeInputs = [
    app
    gunicorn
    nginx
    pkgs.nghttp2
    pkgs.nodejs
    (programs "servers")
  ];
  text = ''
    exec ${lib.getExe' (programs "driver") "drydock-bench"} --bench ${
      sourceOf [
        "contenders.toml"
        "others"
      ]
    } "$@"
  '';
}
