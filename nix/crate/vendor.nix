# The chassis, where Cargo.lock has it from Drydock's repository, comes with Drydock itself, so that
# a service has the one that its edge and its tests were made with.
{
  crane,
  lib,
  pkgs,
}:
let
  inherit ((lib.importTOML ../../crates/chassis/Cargo.toml).package) version;
  # As cargo has a folder of crates.
  chassis = pkgs.runCommand "chassis" { } ''
    mkdir "$out"
    cp -r ${
      lib.fileset.toSource {
        root = ../../crates/chassis;
        fileset = lib.fileset.unions [
          ../../crates/chassis/Cargo.toml
          ../../crates/chassis/README.md
          ../../crates/chassis/examples
          ../../crates/chassis/src
        ];
      }
    } "$out/chassis-${version}"
    chmod u+w "$out/chassis-${version}"
    echo '{"files":{}, "package":null}' > "$out/chassis-${version}/.cargo-checksum.json"
  '';
in
{
  # Of Cargo.lock files, the crates and cargo's settings for those, as crane has them: a folder of
  # links.
  vendor =
    locks:
    crane.vendorMultipleCargoDeps {
      cargoLockList = locks;
      overrideVendorGitCheckout =
        packages: checkout:
        let
          first = builtins.head packages;
        in
        if !builtins.all (import ./is-chassis.nix) packages then
          checkout
        else if first.version != version then
          throw "drydock: Cargo.lock has chassis ${first.version}, and Drydock comes with ${version}: cargo update --package chassis, or nix flake update drydock, makes them the same"
        else
          chassis;
    };
  # Cargo's settings that say so alone, for a lock that has it from there.
  chassisFrom =
    source:
    let
      id = lib.removePrefix "git+" (builtins.head (lib.splitString "#" source));
      parts = lib.splitString "?" id;
      # A lock has them as a URL has them, and cargo's settings as they are.
      parameters = map (builtins.replaceStrings [ "%2F" "=" ] [ "/" " = \"" ]) (
        builtins.concatMap (lib.splitString "&") (builtins.tail parts)
      );
    in
    pkgs.writeText "chassis.toml" (
      lib.concatLines (
        [
          ''[source."${id}"]''
          ''git = "${builtins.head parts}"''
        ]
        ++ map (parameter: "${parameter}\"") parameters
        ++ [
          ''replace-with = "drydock"''
          "[source.drydock]"
          ''directory = "${chassis}"''
        ]
      )
    );
}
