# The image of the service: the binary, the probe that its health check runs,
# and nothing else.
{
  dockerTools,
  lib,
  app,
  probe,
  # The binary's name, which is also the image's.
  name,
  # Where it listens, TCP.
  port,
  # Answers 200 when requests can be taken.
  readyPath,
  repository,
  labels,
  # An SPDX expression.
  licenses,
}:
dockerTools.buildLayeredImage {
  name = "${repository}/${name}";
  tag = "latest";
  contents = [ probe ];
  layeringPipeline = import ./layers.nix [ app ];
  config = {
    Entrypoint = [ (lib.getExe' app name) ];
    # Numeric, so that a runtime can see that it is not root.
    User = "10001:10001";
    ExposedPorts."${toString port}/tcp" = { };
    Healthcheck = import ./health-check.nix "http://127.0.0.1:${toString port}${readyPath}";
    Labels = labels // {
      "org.opencontainers.image.title" = "${repository}/${name}";
      "org.opencontainers.image.licenses" = licenses;
    };
  };
}
