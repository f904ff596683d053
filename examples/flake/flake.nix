# Images, commands, checks and shells for the crate beside this file.
# Each setting is in docs/ADOPT.md of github:OWNER/drydock.
{
  inputs.drydock.url = "github:OWNER/drydock";
  outputs = { self, drydock }: drydock.lib.service { src = self; };
}
