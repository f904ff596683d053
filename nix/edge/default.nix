# The nginx in front of the service.
scope:
let
  inherit (scope) call lib;
in
{
  nginx = import ./nginx.nix { inherit (scope.pkgs) nginx; };
  options = call ./options.nix { };
  substitutions = call ./substitutions.nix { };
  # What the image's configuration begins with.
  edgeSource = call ./source.nix { };
  # The Unix socket that the service listens at, if it does.
  socket = if lib.hasPrefix "/" scope.listen then scope.listen else null;
  # compose.yaml calls the service so, whatever the crate's name, and has its socket there.
  upstream =
    if scope.socket != null then
      "unix:/run/${scope.serviceName}/${baseNameOf scope.socket}"
    else if scope.listen != "loopback" then
      "${scope.serviceName}:${toString scope.port}"
    else
      "127.0.0.1:${toString scope.port}";
  # Of what is to differ from the image's.
  nginxConfig = call ./config.nix;
  assets = call ./assets.nix { source = scope.settings.assets; };
}
