# The image of the ACME client, with the keeper of the key pair, which hands a new one over.
{
  base,
  lib,
  acme,
  keypair,
}:
base {
  name = "acme";
  licenses = "MIT AND Apache-2.0 AND ISC AND CDLA-Permissive-2.0";
  contents = [
    acme
    keypair
  ];
  volatile = [ acme ];
  config.Entrypoint = [ (lib.getExe acme) ];
}
