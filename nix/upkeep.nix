# What keeps the repository itself, as apps of the flake.
{
  # Has bin/drydock-affected.
  affected,
  pkgs,
  # Has bin/drydock-seen.
  seen,
  # Has bin/drydock-update-report.
  updateReport,
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
    import ./ci-test.nix { inherit affected pkgs seen; }
  );
  update-report = app "say what the working tree changes against a revision" updateReport;
  seen = app "say in README.md what docs/seen records of runs with the pinned inputs" seen;
}
