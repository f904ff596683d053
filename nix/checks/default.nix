# What the flake has of a crate: packages, and checks.
scope:
let
  inherit (scope)
    call
    image-app
    image-nginx
    lib
    crate
    pkgs
    settings
    ;
  # Only those of what is built here: nixpkgs' packages bring tests of their own.
  tests = {
    app = scope.app.tests;
  };
  updates = lib.optionalAttrs (settings.editBytes != null) {
    app = {
      layer = "${crate.package}-*${crate.version}";
      bytes = settings.editBytes;
      after = pkgs.dockerTools.mergeImages [
        (scope.imageAppOf (
          scope.appWith (
            if scope.edit != null then
              scope.edit
            else
              "sed -i 's/fn main()[^{]*{/& std::hint::black_box(\"edited\");/' ${lib.removePrefix "/" "${crate.folder}/${crate.main}"}"
          )
        ))
        image-nginx
      ];
    };
  };
  loopback = call ./loopback.nix { };
in
{
  # Checks, by the name of a change of one line: the layer that may differ then, what may be
  # shipped, and the archive with the change.
  updateCosts = lib.mapAttrs' (
    name: update:
    lib.nameValuePair "update-cost-${name}" (
      call ./update-cost.nix (
        update
        // {
          inherit name;
          before = scope.image;
        }
      )
    )
  );
  starting = call ./starting.nix { };
  packages = {
    inherit (scope)
      digests
      image
      image-acme
      image-app
      image-nginx
      oci
      report
      sbom
      ;
    # With what each service asks the system for as it starts, for a command that finds one not to.
    app = scope.app // {
      starting = builtins.mapAttrs (_: service: service.starting.report) scope.services;
    };
    # The stack, with images of a registry, as each engine is told it.
    inherit (scope.deployments)
      compose
      kubernetes
      quadlet
      swarm
      ;
    # The crate's dependencies alone, which the app is built on.
    app-deps = scope.app.dependencies;
  };
  # Every package is a check, and so is every test that rides on one; the rest are files here.
  checks =
    # What cannot be is said where somebody asks for it.
    removeAttrs scope.packages (lib.optional (!(scope.renderings ? swarm)) "swarm")
    // lib.concatMapAttrs (package: lib.mapAttrs' (test: lib.nameValuePair "${package}-${test}")) tests
    // scope.updateCosts updates
    // lib.optionalAttrs settings.standalone {
      inherit loopback;
      shipped = call ./shipped.nix { inherit loopback; };
    }
    // {
      advisories = call ./advisories.nix { };
      toolchain = call ./toolchain.nix { };
    }
    # Those of the other services, behind an edge of their own.
    // lib.concatMapAttrs (
      name: service:
      lib.mapAttrs' (check: lib.nameValuePair "${name}-${check}") (
        removeAttrs service.checks (
          [ "toolchain" ] ++ builtins.attrNames (removeAttrs service.packages [ "image-app" ])
        )
      )
    ) scope.others;
}
