# What a program asks the system for as it starts, and the settings that help it: see ./starting.sh.
{
  lib,
  pkgs,
  app,
  crate,
  name,
  # ../images/layout.nix
  layout,
  # The Unix socket that the service listens at, or null.
  socket,
  # The settings of these names: see ../settings/rows.nix.
  arguments,
  listen,
  port,
  protocol,
  src,
  startPeriod,
  stop,
}:
let
  package = lib.removePrefix "/" crate.folder;
  # What is at the top of the sources, and in the package's own folder.
  named =
    folder:
    map (name: if folder == "" then name else "${folder}/${name}") (
      builtins.attrNames (builtins.readDir (src + "/${folder}"))
    );
  busybox = lib.getExe' pkgs.busybox "busybox";
  # As Docker has it, a container's program may have any port. In a build only root of the network
  # may, so that one below 1024 needs a network of its own.
  ownNetwork = port < 1024;
  sources = builtins.toFile "sources" (lib.concatLines (lib.unique (named "" ++ named package)));
in
rec {
  # Where the socket is for whoever is not in the program's root.
  outside =
    if socket == null || dirOf socket == "/tmp" then socket else "/tmp/socket/${baseNameOf socket}";
  # Shell that makes the folder `files`, with what lies in the image's root for the program.
  files = ''
    mkdir files
    pushd files > /dev/null
    ${layout.put}
    chmod -R u+w .
    popd > /dev/null
  '';
  # Shell words: the arguments of ./box.sh, as in the image, with an empty environment.
  boxed = lib.escapeShellArgs (
    [
      busybox
      "files"
      layout.workingDirectory
    ]
    ++ builtins.filter (folder: socket == null || folder != dirOf socket) layout.writable
    ++ lib.optional (socket != null) "${dirOf socket}=${dirOf outside}"
    ++ [
      "--"
      "env"
      "-i"
      # Engines set it for a user whom no file names.
      "HOME=/"
    ]
    ++ layout.variables
    ++ [ (lib.getExe' app name) ]
    ++ arguments
  );
  # Builds what the script makes, in a network where each port can be had.
  run =
    name: script:
    pkgs.runCommand name
      {
        nativeBuildInputs = [
          pkgs.curl
          pkgs.strace
        ];
      }
      (
        if ownNetwork then
          ''
            ${busybox} unshare -U -r -n bash -e -o pipefail ${pkgs.writeText name ''
              ${busybox} ip link set lo up
              echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
              ${script}
            ''}
          ''
        else
          script
      );
  # Before a command: who is root of that network is nobody else's.
  nobody = lib.optionalString ownNetwork "${busybox} unshare -U ";
  # A command that writes a sentence for each setting.
  hints = "env BOX=${./box.sh} HINT=${../commands/hint.sh} STATED=${lib.escapeShellArg (lib.concatLines layout.files)} STOP=${stop} PERIOD=${toString startPeriod} bash ${./starting.sh} ${
    lib.escapeShellArgs [
      name
      (toString port)
      listen
      protocol
      package
      sources
    ]
  } ${boxed}";
  # The sentences, as a file.
  report = run "starting" ''
    mkdir -p /tmp/socket
    ${files}
    ${hints} > "$out"
  '';
}
