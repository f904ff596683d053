# A service on the chassis, which comes with the input: images, commands, checks and shells for it.
# Each setting is in docs/ADOPT.md of github:OWNER/drydock.
{
  inputs.drydock.url = "github:OWNER/drydock";
  outputs =
    { self, drydock }:
    drydock.lib.service {
      src = self;
      port = 8000;
      ready = "/readyz";
    };
}
