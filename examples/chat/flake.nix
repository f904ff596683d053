# A service that people talk by: WebSockets pass the edge by themselves.
{
  inputs.drydock.url = "github:OWNER/drydock";
  outputs = { self, drydock }: drydock.lib.service { src = self; };
}
