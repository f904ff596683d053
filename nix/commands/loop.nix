# The edit loop of a service, in containers and on the host: what of it is the same in both.
{
  app,
  lib,
  name,
  # The Unix socket that the service listens at, or null.
  socket,
  # Whether the service is on the chassis, which takes its socket and says when it is ready.
  onChassis,
  # ../images/layout.nix
  layout,
  # ../edge/options.nix
  options,
  # The edge's configuration, if it is in the working tree: a path below that.
  edgeFolder,
  # ../edge/substitutions.nix
  substitutions,
  # As they were given: the scope has an output by the name of one of them.
  settings,
  # The settings of these names: see ../settings/rows.nix.
  arguments,
  edge,
  environment,
  port,
  src,
}:
let
  # In the store, a flake's tree is the first folder, and what is below it is the same in the
  # working tree. Null for what is elsewhere.
  inTree =
    path:
    let
      parts = builtins.match "/nix/store/[^/]+(/.*)?" (toString path);
      tree = path: builtins.head (builtins.match "(/nix/store/[^/]+).*" (toString path));
    in
    if path == null || parts == null || tree path != tree src then
      null
    else
      lib.removePrefix "/" (if builtins.head parts == null then "" else builtins.head parts);
  door = if builtins.pathExists (src + "/drydock") then "./drydock dev" else "nix run .#dev";
  again = "${door} takes it when it is started again";
in
rec {
  # How it is started.
  inherit door;
  # Paths below the working tree: of the crate, and of what else is edited there, or null.
  crateFolder = if inTree src == null then "" else inTree src;
  assetsFolder = inTree settings.assets;
  ownEdge = inTree edge;
  # Where the loop takes connections: a program that is given none of them has its port.
  listen =
    if onChassis then
      port
    # Those of several services may be in one network.
    else if port > 45535 then
      port - 20000
    else
      port + 20000;
  # Of the program's environment, and of cargo's.
  variables = environment // app.working.variables;

  # How the service is built and started, as arguments of dev-loop.
  service = [
    "--app=${name}"
  ]
  ++ map (argument: "--cargo=${argument}") app.working.arguments
  ++ map (argument: "--argument=${argument}") arguments
  ++ lib.optional (!onChassis) (
    if socket == null then "--port=${toString port}" else "--socket=${socket}"
  )
  ++ lib.optional (lib.hasPrefix "${layout.root}/" layout.workingDirectory) "--start-in=${lib.removePrefix "${layout.root}/" layout.workingDirectory}";
  # Where the edge's configuration is: folders, the working tree's below `tree`, and what no edit
  # changes at `store`.
  configuration =
    { tree, store }:
    [ "--edge=${if edgeFolder == null then store else "${tree}/${edgeFolder}"}" ]
    ++
      lib.optional (options.own != null)
        "--over=${if ownEdge == null then options.own else "${tree}/${ownEdge}"}";
  # What differs from it on this machine: see ../edge/substitutions.nix.
  substitutionArguments =
    new:
    builtins.concatMap (one: [
      "--substitute"
      one.file
      one.from
      one.to
    ]) (substitutions.of ({ reuse = "1"; } // new));
  # What is said when a file changes that needs more than the loop, by its path.
  notes =
    more:
    builtins.concatLists (
      lib.mapAttrsToList
        (path: text: [
          "--note"
          path
          text
        ])
        (
          lib.genAttrs [
            "Cargo.toml"
            "Cargo.lock"
          ] (_: "cargo takes it with the build that begins now")
          // lib.genAttrs (
            [
              "compose.yaml"
              "compose.dev.yaml"
              "flake.lock"
              "flake.nix"
              "rust-toolchain.toml"
            ]
            ++ lib.optional (edgeFolder != null) "nix"
          ) (_: again)
          // lib.optionalAttrs (assetsFolder != null) {
            ${assetsFolder} = "reload the page, the edge serves the folder as it is";
          }
          // more
        )
    );
}
