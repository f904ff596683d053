# The development image: the toolchain of the release images in a container that has the
# working tree mounted at /src, and everything that the services run there. Compose gives
# it the user whose files those are.
{
  base,
  lib,
  # ./image-tools.nix
  imageTools,
  # What the services run besides.
  programs,
  # Has bin/dev-loop, the entry point; null for none.
  loop,
  licenses,
}:
base {
  name = "dev";
  inherit licenses;
  compressed = false;
  contents = [
    (imageTools.root {
      name = "dev-root";
      programs = lib.optional (loop != null) loop ++ programs;
      folders = [
        "etc/nginx/tls"
        "var/www/acme"
        "var/www/assets/identity"
      ];
    })
  ];
  volatile = lib.optional (loop != null) loop;
  inherit (imageTools) extraCommands;
  config = imageTools.config // {
    Entrypoint = lib.optional (loop != null) (lib.getExe' loop "dev-loop");
    Env = imageTools.config.Env ++ [
      # On the host, so that the next container starts from there; not where the host's cargo builds.
      "CARGO_TARGET_DIR=/src/target/container"
    ];
  };
}
