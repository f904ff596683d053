# The image of the service: the binary, the probe that its health check runs,
# and nothing else.
{
  base,
  lib,
  app,
  probe,
  # The binary's name, which is also the image's.
  name,
  # Where it listens, TCP.
  port,
  # Answers 200 when requests can be taken.
  readyPath,
  # An SPDX expression.
  licenses,
}:
base {
  inherit licenses name;
  contents = [ probe ];
  volatile = [ app ];
  config = {
    Entrypoint = [ (lib.getExe' app name) ];
    User = "10001:10001";
    ExposedPorts."${toString port}/tcp" = { };
    Healthcheck = import ./health-check.nix "http://127.0.0.1:${toString port}${readyPath}";
  };
}
