# The nginx in front of the service.
scope:
let
  inherit (scope) call;
in
{
  nginx = import ./nginx.nix { inherit (scope.pkgs) nginx; };
  places = import ./places.nix;
  # compose.yaml calls the service so, whatever the crate's name.
  upstream = "app:${toString scope.port}";
  # Of what is to differ from the image's.
  nginxConfig = call ./config.nix;
  assets = call ./assets.nix { source = scope.assetsFolder; };
}
