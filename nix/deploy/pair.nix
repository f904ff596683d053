# The containers that bring the pair: the keeper of what an operator has, and the ACME client.
{
  edgeUser,
  # ./volumes.nix
  mounted,
  # ./policy.nix
  policy,
}:
let
  # Where the account and the pair of an ACME client are: nginx's user may not look.
  renewed = "/etc/nginx/tls/acme";

  # What checks a pair, and puts it where nginx reads it.
  keeper = {
    program = [ "/bin/keypair" ];
    arguments = [
      "--from"
      "/from"
      "--renewed"
      renewed
      "--to"
      "/etc/nginx/tls"
      "--owner"
      "${toString edgeUser}:${toString edgeUser}"
    ];
    # With the two capabilities it reads a key whatever its owner, and hands it to nginx's user.
    user = 0;
    seccomp = "tls";
    capabilities = [
      "DAC_READ_SEARCH"
      "CHOWN"
    ];
  };
in
{
  # Gets the pair by ACME, where that is asked for: only Compose has it, and with the images of this
  # machine alone, since it is none of those that are published.
  acme = policy // {
    image = "acme";
    # Where things are that are this machine's, if there are any.
    arguments = [
      "--state"
      renewed
      "--challenges"
      "/var/www/acme/.well-known/acme-challenge"
      "--ca"
      "/ca.crt"
      "--binding"
      "/binding"
    ]
    ++ keeper.program
    ++ keeper.arguments;
    inherit (keeper) capabilities user;
    seccomp = "acme";
    networks = [ "edge" ];
    egress = true;
    handedOn = [
      "DRYDOCK_ACME"
      "DRYDOCK_ACME_NAMES"
      "DRYDOCK_ACME_DIRECTORY"
      "DRYDOCK_ACME_PROFILE"
    ];
    after.nginx = "healthy";
    mounts = [
      (mounted false "tls" "/etc/nginx/tls")
      (mounted false "acme" "/var/www/acme")
    ];
    # What it writes is whole or not there.
    signal = "SIGKILL";
    cpu = 100;
    memory = "64m";
  };

  # Checks the pair, or makes one for localhost, and ends. Where the pair comes from is each
  # engine's own; it is at /from.
  tls = policy // {
    image = "nginx";
    inherit (keeper)
      arguments
      capabilities
      program
      seccomp
      user
      ;
    restarts = false;
    # Where nginx has it too, so that what keypair says of paths holds for both.
    mounts = [ (mounted false "tls" "/etc/nginx/tls") ];
    cpu = 100;
    memory = "32m";
  };
}
