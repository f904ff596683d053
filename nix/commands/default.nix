# What `./drydock up` and the like hand over to. A command is the file of its name.
scope:
let
  inherit (scope) call lib pkgs;
  descriptions = {
    up = "load the images, start the stack and show its answer";
    compose = "write compose.yaml, for docker compose, into the folder";
    status = "show what runs, since when, with which certificate, and whether it is built from here";
    down = "stop the stack and remove its containers and networks";
    reload-tls = "check the pair in nginx/tls and serve it without dropping a connection";
    engine = "see that a Docker engine answers, and start one if asked to";
    test = "start the stack as shipped, ask it and stop it";
    publish = "copy the images to a registry and print their names by digest";
    index = "make one OCI layout of those of several platforms";
    rollout = "replace the running service by an image of a registry, without a failed request";
    sbom = "show what the images are made of";
    explain = "say which component a file of an image is of, and why that is there";
    diff = "show how the components of the images differ between revisions";
    verify = "build both images once more and compare";
    dev = "build at each save and swap the running program";
    dev-host = "build at each save and swap the running program, without containers";
  };
  appsOf = builtins.mapAttrs (
    name: description: {
      type = "app";
      program = lib.getExe scope.programs.${name};
      meta = { inherit description; };
    }
  );
in
{
  apps = appsOf descriptions // {
    # Alone, so that only who has none fetches it.
    dockerd = {
      type = "app";
      program = lib.getExe' pkgs.docker "dockerd";
      meta.description = "the pinned Docker engine";
    };
  };
  programs = builtins.mapAttrs (name: _: call (./. + "/${name}.nix") { }) descriptions;
  # What others use.
  inherit (scope.programs) engine publish;
  # Compose is called by its own name, so that no CLI plug-in has to be installed.
  stackTools = [
    scope.engine
    pkgs.curl
    pkgs.docker-client
    pkgs.docker-compose
    pkgs.gnutar
    pkgs.jq
    pkgs.openssl
  ];
  onStack = call ./on-stack.nix { };
  # On top of ../deploy/compose, for `dev`.
  composeDevFile = pkgs.writeText "compose.dev.yaml" (call ../compose-dev.nix { });
  loop = call ./loop.nix { };
  load = call ./load.nix { };
  loadAll = scope.load (
    lib.mapAttrs' (name: lib.nameValuePair "${scope.repository}/${name}") scope.images
  );
  described = call ./described.nix { };
}
