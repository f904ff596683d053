# The stack as each engine is told it, all of it from ./description.nix.
scope:
let
  inherit (scope) call pkgs;
in
{
  # What each container needs.
  description = call ./description.nix { };
  # With the images of `docker load`.
  composeFile = pkgs.writeText "compose.yaml" (call ./compose { });
}
