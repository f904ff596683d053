# An index, as ../../commands/default.nix: what only this repository has a use for.
{
  call,
  lib,
}:
let
  descriptions = {
    test = "test the running images";
    goss = "look at a running container of each stage with Goss";
    verify-test = "publish the images, and verify what is there";
    typed-test = "type the first plain commands of docs/COMMANDS.md in every kind of shell";
    affected = "print which outputs of the flake a change affects";
    affected-test = "test the same on example changes";
    bench = "measure the service side by side with others";
    ci-test = "test which jobs the workflow makes";
    update-report = "say what the working tree changes against a revision";
    seen = "say in README.md what docs/seen records of runs with the pinned inputs";
  };
in
builtins.mapAttrs (name: description: {
  type = "app";
  program = lib.getExe (call (./. + "/${name}.nix") { });
  meta = { inherit description; };
}) descriptions
