# The image of the ACME client, with the keeper of the key pair, which hands a new one over.
{
  base,
  lib,
  acme,
  keypair,
}:
let
  second = 1000000000;
in
base {
  name = "acme";
  licenses = "MIT AND Apache-2.0 AND ISC AND CDLA-Permissive-2.0";
  contents = [
    acme
    keypair
  ];
  volatile = [ acme ];
  config = {
    Entrypoint = [ (lib.getExe acme) ];
    # It serves nobody, so that no more can be asked than that it is there, which Compose waits for.
    Healthcheck = {
      Test = [
        "CMD"
        "/bin/acme"
        "--help"
      ];
      Interval = 3600 * second;
      Timeout = 3 * second;
      StartPeriod = 10 * second;
      StartInterval = second;
      Retries = 3;
    };
  };
}
