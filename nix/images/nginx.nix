# The image of the edge: nginx with its configuration, the files that it serves,
# the program that starts it, the probe that its health check runs, and the program of the one-shot
# service that hands over the key pair.
{
  base,
  lib,
  nginx,
  # The accepted configuration, as a store path.
  config,
  # Has var/www/assets.
  assets,
  keypair,
  launch,
  probe,
}:
let
  user = toString (import ../deploy/users.nix).edge;
in
base {
  name = "nginx";
  licenses = "MIT AND BSD-2-Clause AND Apache-2.0";
  contents = [
    keypair
    probe
  ];
  volatile = [
    probe
    keypair
    launch
    config
  ];
  # The assets are files here and no links: nginx as nixpkgs patches it makes the ETag of a
  # file in the store from the store path, which all forms of an asset share. Then the one
  # writable place, and where the volumes go.
  extraCommands = ''
    cp -r ${assets}/var .
    chmod -R u+w var
    mkdir -p etc/nginx/tls var/www/acme
    mkdir -m 1777 tmp
  '';
  config = {
    Entrypoint = [
      (lib.getExe launch)
      "${config}"
      "/tmp"
      (lib.getExe nginx)
      "-e"
      "stderr"
      "-g"
      "daemon off;"
    ];
    User = "${user}:${user}";
    ExposedPorts = lib.genAttrs [ "80/tcp" "443/tcp" "443/udp" ] (_: { });
    # Drains; SIGTERM would cut connections off: https://nginx.org/en/docs/control.html
    StopSignal = "SIGQUIT";
    Healthcheck = import ./health-check.nix {
      port = 8081;
      ready = "/livez";
    };
  };
}
