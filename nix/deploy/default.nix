# The stack as each engine is told it, all of it from ./description.nix.
scope:
let
  inherit (scope)
    call
    lib
    pkgs
    renderings
    repository
    settings
    ;
  inherit (settings) registry;
  # A digest is known once an image is made; this stands in its place until then.
  standIn = name: builtins.hashString "sha256" name;
  below =
    place: name: "${if registry != null then registry else place}/${name}@sha256:${standIn name}";
  # Of Compose and Swarm.
  asked = "\${DRYDOCK_REGISTRY:?it is to be REGISTRY/PATH, where the images were published}";
  # A folder with those files, and with the digests in them.
  pinned =
    name: files:
    pkgs.runCommand name { } ''
      mkdir "$out"
      ${lib.concatMapStrings (image: ''
        digest=$(sed -n 's|^${repository}/${image}@sha256:||p' ${scope.digests})
        [ ''${#digest} = 64 ]
        echo "s/${standIn image}/$digest/g" >> digests
      '') (builtins.attrNames scope.images)}
      ${lib.concatMapStrings (file: ''
        sed -f digests ${pkgs.writeText "file" files.${file}} > "$out/${file}"
      '') (builtins.attrNames files)}
    '';
  # Those that nginx can only reach where it is itself.
  besides = builtins.attrNames (
    lib.concatMapAttrs (
      name: service: lib.optionalAttrs (service.listen != "all") { ${name} = null; }
    ) scope.services
  );
in
{
  # What each container needs.
  description = call ./description.nix { };
  # With the images of `docker load`.
  composeFile = pkgs.writeText "compose.yaml" (call ./compose { });
  # With those of a registry: by engine, the texts of files by their names.
  renderings = {
    compose."compose.yaml" = call ./compose { reference = below asked; };
    kubernetes = call ./kubernetes { reference = below repository; };
    quadlet =
      call ./podman/quadlet.nix {
        reference = below "\${DRYDOCK_REGISTRY}";
        asksForRegistry = registry == null;
      }
      // {
        "nixos.nix" = builtins.readFile ./podman/module.nix;
        "stack.json" = builtins.toJSON (
          call ./podman/nixos.nix { reference = name: "${name}@sha256:${standIn name}"; }
        );
      };
  }
  // lib.optionalAttrs (besides == [ ]) {
    swarm."swarm.yaml" = call ./swarm { reference = below asked; };
  };
  deployments = builtins.mapAttrs pinned renderings // {
    swarm =
      if renderings ? swarm then
        pinned "swarm" renderings.swarm
      else
        pkgs.runCommand "swarm" { } ''
          echo 'drydock: Swarm gives each container a network of its own, and ${builtins.head besides} shares that of the edge, or a folder; it can run what has listen = "all"' >&2
          exit 1
        '';
  };
}
