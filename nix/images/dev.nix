# The development image: the toolchain of the release images in a container that has the
# working tree mounted at /src, and everything that the services run there. Compose gives
# it the user whose files those are.
{
  app,
  base,
  lib,
  pkgs,
  # ./tools.nix
  imageTools,
  # What no edit changes of the edge's configuration.
  edgeSource,
  # Has bin/dev-loop, the entry point.
  dev-loop,
  # What the services run besides.
  keypair,
  nginx,
  probe,
  licenses,
  # Variables besides.
  devVariables,
  # The folders that one of the services may write to.
  writableOfAll,
  # The setting of this name: see ../settings/rows.nix.
  timezones,
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
      ]
      ++ app.working.tools;
      folders = [
        "etc/nginx/tls"
        "var/www/acme"
        "var/www/assets/identity"
      ];
    })
  ];
  volatile = [ dev-loop ];
  extraCommands = imageTools.extraCommands + ''
    ln -s ${edgeSource} edge
    ${lib.optionalString timezones ''
      mkdir -p usr/share
      ln -s ${pkgs.tzdata}/share/zoneinfo usr/share/zoneinfo
    ''}
    ${lib.concatMapStrings (folder: ''
      mkdir -p ${lib.escapeShellArg ".${folder}"}
      chmod 1777 ${lib.escapeShellArg ".${folder}"}
    '') writableOfAll}
  '';
  config = imageTools.config // {
    Entrypoint = [ (lib.getExe' dev-loop "dev-loop") ];
    Env =
      imageTools.config.Env
      ++ [
        # On the host, so that the next container starts from there; not where the host's cargo builds.
        "CARGO_TARGET_DIR=/src/target/container"
      ]
      ++ devVariables;
  };
}
