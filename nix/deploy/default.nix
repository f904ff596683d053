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
  # What the programs may call: by the files' names, beside what names them.
  seccomp = lib.mapAttrs' (name: lib.nameValuePair "seccomp/${name}.json") scope.description.profiles;
  published = removeAttrs seccomp [ "seccomp/acme.json" ];
  # Drop-ins for a unit that runs a service without a container: systemd.exec(5). There it is
  # RestrictNamespaces= that answers clone3 as the profiles do.
  filters = lib.concatMapAttrs (
    name: _:
    lib.optionalAttrs (scope.description.profiles ? ${name}) {
      "seccomp/${name}.conf" = ''
        [Service]
        SystemCallFilter=${
          toString (
            builtins.concatMap (rule: rule.names)
              (builtins.fromJSON scope.description.profiles.${name}).syscalls
          )
        }
        RestrictNamespaces=yes
      '';
    }
  ) scope.services;
  # A folder with those files.
  folder =
    name: files:
    pkgs.runCommand name { } (
      lib.concatMapStrings (file: ''
        install -D -m 444 ${pkgs.writeText "file" files.${file}} "$out/${file}"
      '') (builtins.attrNames files)
    );
  # The same, and with the digests in them.
  pinned =
    name: files:
    pkgs.runCommand name { } ''
      cp -r --no-preserve=mode ${folder "files" files} "$out"
      ${lib.concatMapStrings (image: ''
        digest=$(sed -n 's|^${repository}/${image}@sha256:||p' ${scope.digests})
        [ ''${#digest} = 64 ]
        echo "s/${standIn image}/$digest/g" >> digests
      '') (builtins.attrNames scope.images)}
      find "$out" -type f -exec sed -i -f digests {} +
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
  # With the images of `docker load`: what lies in a folder, and what commands read elsewhere.
  composeFolder = folder "compose" ({ "compose.yaml" = call ./compose { }; } // seccomp);
  composeFile = pkgs.writeText "compose.yaml" (
    call ./compose { profiles = "${scope.composeFolder}/seccomp"; }
  );
  # With those of a registry: by engine, the texts of files by their names.
  renderings = {
    compose = {
      "compose.yaml" = call ./compose { reference = below asked; };
    }
    // published;
    kubernetes = call ./kubernetes { reference = below repository; } // published;
    quadlet =
      call ./podman/quadlet.nix {
        reference = below "\${DRYDOCK_REGISTRY}";
        asksForRegistry = registry == null;
      }
      // published
      // filters
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
