# Where things are in the service's image, as its settings say.
{
  lib,
  pkgs,
  crate,
  # The Unix socket that the program listens at, or null.
  socket,
  # The settings of these names: see ../settings/rows.nix.
  egress,
  environment,
  files,
  settings,
  src,
  stop,
  timezones,
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
          "views"
          "www"
        ]
        # Some engines have them in the program.
        ++ lib.optional (
          builtins.any (name: crate.dependencies ? ${name}) [
            "handlebars"
            "liquid"
            "minijinja"
            "tera"
            "tinytemplate"
          ]
          || !builtins.any (name: crate.dependencies ? ${name}) [
            "askama"
            "rinja"
            "sailfish"
            "yarte"
          ]
        ) "templates"
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
  # A volume over a folder would hide what the image has there.
  hidden = builtins.filter (
    path: builtins.any (folder: lib.hasPrefix "${folder}/" "${root}/${path}/") writable
  ) chosen;
  own =
    map (path: "${root}/${path}") chosen
    ++ builtins.filter (folder: folder == root || lib.hasPrefix "${root}/" folder) writable;
  inPackage = path: lib.hasPrefix "${root}${crate.folder}/" "${path}/";
  # The folder that sources are compiled in: a program may have it compiled in.
  root = "/build/source";
in
rec {
  inherit root;
  # Paths below the sources.
  files =
    if hidden != [ ] then
      throw "drydock: the setting writable has a folder that ${builtins.head hidden}, which the setting files has, lies in: its volume would hide that; let a variable or an argument name another folder"
    else if missing == [ ] then
      chosen
    else
      throw "drydock: the setting files has ${builtins.head missing}, which is not in the sources; they are what git knows: git add --force ${builtins.head missing} adds it, whatever .gitignore says";
  # Shell that puts what the program reads below the current folder. These are files and no links: a
  # program may look at where a file really is.
  put =
    lib.concatMapStrings (
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
    ) files
    + lib.optionalString egress ''
      mkdir -p etc/ssl/certs
      cp ${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt etc/ssl/certs/ca-certificates.crt
    ''
    + lib.optionalString timezones ''
      mkdir -p usr/share
      cp -rL ${pkgs.tzdata}/share/zoneinfo usr/share/zoneinfo
    '';
  # Where the program starts: in its package, if all its files are there, and its folders.
  workingDirectory =
    if own == [ ] then
      ""
    else if crate.folder != "" && builtins.all inPackage own then
      root + crate.folder
    else
      root;
  # What it gets to end, which it is made to heed if it would not: ../crate/build.nix.
  signal = if stop == "none" then "SIGTERM" else stop;
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
  // lib.optionalAttrs (signal != "SIGTERM") { stop-signal = signal; }
  // lib.optionalAttrs (socket != null) { ports = [ ]; }
  // lib.optionalAttrs egress {
    allowed-paths = [ "/etc/ssl/certs/ca-certificates.crt" ];
    allowed-content = [ "/etc/ssl/certs/ca-certificates.crt" ];
  };
}
