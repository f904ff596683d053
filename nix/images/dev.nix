# The development image: the toolchain of the release images in a container that has the
# working tree mounted at /src, and everything that the services run there. Compose gives
# it the user whose files those are.
{
  base,
  lib,
  # ./tools.nix
  imageTools,
  # Has bin/dev-loop, the entry point.
  dev-loop,
  # What the services run besides.
  keypair,
  nginx,
  probe,
  licenses,
}:
base {
  name = "dev";
  inherit licenses;
  compressed = false;
  contents = [
    (imageTools.root {
      name = "dev-root";
      programs = [
        dev-loop
        nginx
        keypair
        probe
      ];
      folders = [
        "etc/nginx/tls"
        "var/www/acme"
        "var/www/assets/identity"
      ];
    })
  ];
  volatile = [ dev-loop ];
  inherit (imageTools) extraCommands;
  config = imageTools.config // {
    Entrypoint = [ (lib.getExe' dev-loop "dev-loop") ];
    Env = imageTools.config.Env ++ [
      # On the host, so that the next container starts from there; not where the host's cargo builds.
      "CARGO_TARGET_DIR=/src/target/container"
    ];
  };
}
