# What keeps the repository itself, as apps of the flake.
{
  # Has bin/drydock-affected.
  affected,
  pkgs,
}:
let
  app = description: program: {
    type = "app";
    program = pkgs.lib.getExe program;
    meta = { inherit description; };
  };
in
{
  ci-test = app "test which jobs the workflow makes" (
    import ./ci-test.nix { inherit affected pkgs; }
  );
}
