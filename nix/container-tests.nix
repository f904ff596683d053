# The program that tests the running stack (../tests/containers), built but not run:
# it needs a Docker engine, which no sandbox has.
{
  app,
  lib,
  staticCrane,
}:
staticCrane.mkCargoDerivation (
  app.devArguments
  // {
    pnameSuffix = "-container-tests";
    buildPhaseCargoCommand = "cargoWithProfile test --locked --workspace --features containers --test containers --no-run";
    installPhaseCommand = ''
      mkdir -p "$out/bin"
      find target -path '*/deps/containers-*' -type f -perm -100 -exec cp {} "$out/bin/container-tests" \;
    '';
    meta.mainProgram = "container-tests";
  }
)
