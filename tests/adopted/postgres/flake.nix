{
  inputs.drydock.url = "github:OWNER/drydock";
  outputs =
    { self, drydock }:
    drydock.lib.service {
      src = self;
      # Nobody listens there.
      environment.DATABASE_URL = "postgres://catalogue@127.0.0.1:9/catalogue";
    };
}
