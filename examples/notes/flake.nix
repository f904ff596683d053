# A service that keeps what it is told: SQLite, in a folder that is a volume.
{
  inputs.drydock.url = "github:OWNER/drydock";
  outputs =
    { self, drydock }:
    drydock.lib.service {
      src = self;
      writable = [ "/data" ];
      environment.NOTES_FILE = "/data/notes.db";
    };
}
