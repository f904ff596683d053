# The nginx in front of the service.
scope:
let
  inherit (scope) call;
in
{
  nginx = import ./nginx.nix { inherit (scope.pkgs) nginx; };
  options = call ./options.nix { };
  places = import ./places.nix;
  # compose.yaml calls the service so, whatever the crate's name.
  upstream = "${if scope.listen == "loopback" then "127.0.0.1" else "app"}:${toString scope.port}";
  # Of what is to differ from the image's.
  nginxConfig = call ./config.nix;
  assets = call ./assets.nix { source = scope.settings.assets; };
}
