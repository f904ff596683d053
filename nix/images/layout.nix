# Where things are in the service's image, as its settings say.
{
  lib,
  crate,
  # The Unix socket that the program listens at, or null.
  socket,
  # The settings of these names: see ../settings.nix.
  egress,
  environment,
  files,
  settings,
  src,
  writable,
}:
let
  # What many programs read while they run, by its usual names, at the top of the sources and in
  # the package's own folder.
  likely = builtins.filter (path: builtins.pathExists (src + "/${path}")) (
    builtins.concatMap
      (
        name:
        lib.unique [
          name
          (lib.removePrefix "/" "${crate.folder}/${name}")
        ]
      )
      (
        [
          "config"
          "config.toml"
          "config.yaml"
          "locales"
          "public"
          "static"
          "templates"
          "views"
          "www"
        ]
        ++ lib.optional (settings.assets == null) "assets"
      )
  );
  quoted = lib.concatMapStringsSep " " (name: ''"${name}"'');
  chosen =
    if files != null then
      map (lib.removeSuffix "/") files
    else if likely == [ ] then
      [ ]
    else
      lib.warn
        "drydock: the sources have ${builtins.concatStringsSep ", " likely}, and the image has nothing of that; if the program reads it while it runs, state files = [ ${quoted likely} ]; else files = [ ]"
        [ ];
  missing = builtins.filter (path: !builtins.pathExists (src + "/${path}")) chosen;
  inPackage = path: lib.hasPrefix "${lib.removePrefix "/" crate.folder}/" path;
in
rec {
  # The folder that sources are compiled in: a program may have it compiled in.
  root = "/build/source";
  # Paths below the sources.
  files =
    if missing == [ ] then
      chosen
    else
      throw "drydock: the setting files has ${builtins.head missing}, which is not in the sources; they are what git knows";
  # Shell that puts them below the current folder. They are files and no links: a program may look
  # at where a file really is.
  put = lib.concatMapStrings (
    path:
    let
      place = lib.escapeShellArg ".${root}/${path}";
      source = builtins.path {
        name = "file";
        path = src + "/${path}";
      };
    in
    ''
      mkdir -p "$(dirname -- ${place})"
      cp -rL ${source} ${place}
    ''
  ) files;
  # Where the program starts: in its package, if all its files are there.
  workingDirectory =
    if files == [ ] then
      ""
    else if crate.folder != "" && builtins.all inPackage files then
      root + crate.folder
    else
      root;
  inherit writable;
  variables =
    lib.optional egress "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"
    ++ lib.mapAttrsToList (variable: value: "${variable}=${value}") environment;
  # Facts of ./facts.nix.
  facts = {
    working-directory = workingDirectory;
    environment = variables;
    world-writable = lib.genAttrs writable (_: "1777");
  }
  // lib.optionalAttrs (socket != null) { ports = [ ]; }
  // lib.optionalAttrs egress {
    allowed-paths = [ "/etc/ssl/certs/ca-certificates.crt" ];
    allowed-content = [ "/etc/ssl/certs/ca-certificates.crt" ];
  };
}
