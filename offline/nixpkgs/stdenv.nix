# nixpkgs' mkDerivation: a derivation made of named arguments. What it runs is ./setup.sh.
{
  debian,
  # Packages that are on the PATH of every build; one of them has bin/bash.
  initialPath,
  shell,
  system,
}:
let
  # `nix develop` looks for it there as well.
  stdenv = debian.run "stdenv" { } ''
    mkdir "$out"
    cp ${./setup.sh} "$out/setup"
  '';
  # Of what stdenv takes and this has nothing for; any other argument is a variable.
  unknown = [
    "propagatedBuildInputs"
    "propagatedNativeBuildInputs"
    "__structuredAttrs"
    "patches"
    "srcs"
  ];
in
# What is put into the name where what is built runs on another platform.
suffix:
# What is there besides: a compiler, or nothing.
defaultNativeBuildInputs: arguments:
let
  refused = builtins.filter (name: arguments ? ${name}) unknown;
  name =
    if arguments ? name then
      arguments.name + suffix
    else
      "${arguments.pname}${suffix}-${arguments.version}";
  # What is linked with; what is run is none of it.
  ofBuildInputs =
    if arguments.buildInputs or [ ] == [ ] then
      [ ]
    else
      [
        (debian.run "build-inputs" { } ''
          mkdir -p "$out/nix-support"
          cp ${./build-inputs.sh} "$out/nix-support/setup-hook"
        '')
      ];
in
if refused != [ ] then
  throw "${name}: the offline stdenv has no ${toString refused}"
else
  derivation (
    removeAttrs arguments [
      "env"
      "hardeningDisable"
      "meta"
      "passthru"
    ]
    // arguments.env or { }
    // {
      inherit
        name
        system
        stdenv
        initialPath
        defaultNativeBuildInputs
        ;
      nativeBuildInputs = arguments.nativeBuildInputs or [ ] ++ ofBuildInputs;
      doCheck = arguments.doCheck or false;
      # `nix develop` reads them from the environment.
      outputs = arguments.outputs or [ "out" ];
      builder = shell;
      args = [
        "-e"
        (builtins.toFile "builder.sh" ''
          source "$stdenv/setup"
          genericBuild
        '')
      ];
    }
  )
  // {
    meta = arguments.meta or { };
    passthru = arguments.passthru or { };
  }
  // arguments.passthru or { }
