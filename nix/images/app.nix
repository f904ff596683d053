# The image of the service: the binary, the probe that its health check runs, what its settings
# say that it reads while it runs, and nothing else.
{
  base,
  lib,
  app,
  probe,
  # ./layout.nix
  layout,
  # The last part of its name.
  serviceName,
  # The Unix socket that it listens at, or null.
  socket,
  # The binary's name.
  name,
  # The settings of these names: see ../settings/rows.nix.
  arguments,
  port,
  ready,
  startPeriod,
  # An SPDX expression, or null.
  licenses,
}:
let
  user = toString (import ../deploy/users.nix).service;
in
base {
  name = serviceName;
  inherit licenses;
  contents = [ probe ];
  volatile = [ app ];
  # What is made here is in a layer above the binary's.
  extraCommands = ''
    ${layout.put}
    chmod -R u+w .
    ${lib.concatMapStrings (folder: ''
      mkdir -p ${lib.escapeShellArg ".${folder}"}
      chmod 1777 ${lib.escapeShellArg ".${folder}"}
    '') layout.writable}
  '';
  config = {
    Entrypoint = [ (lib.getExe' app name) ];
    User = "${user}:${user}";
    Healthcheck = import ./health-check.nix {
      inherit
        port
        ready
        socket
        startPeriod
        ;
    };
  }
  // lib.optionalAttrs (layout.signal != "SIGTERM") { StopSignal = layout.signal; }
  // lib.optionalAttrs (socket == null) { ExposedPorts."${toString port}/tcp" = { }; }
  // lib.optionalAttrs (arguments != [ ]) { Cmd = arguments; }
  // lib.optionalAttrs (layout.variables != [ ]) { Env = layout.variables; }
  // lib.optionalAttrs (layout.workingDirectory != "") { WorkingDir = layout.workingDirectory; };
}
