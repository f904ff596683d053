# A workspace of two services behind one edge.
{
  inputs.drydock.url = "github:OWNER/drydock";
  outputs =
    { self, drydock }:
    drydock.lib.service {
      src = self;
      package = "web";
      services.api = {
        package = "api";
        path = "/api/";
      };
    };
}
