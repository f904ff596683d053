# The images, each once the facts hold that are stated for it, and the shells of the same tools.
scope:
let
  inherit (scope)
    call
    crate
    lib
    name
    port
    revision
    settings
    ;
  packages = "nixpkgs ${lib.version}";
  assertFacts =
    setting: facts: components: image:
    call ./facts.nix {
      inherit components image setting;
      facts = [ ./facts/every-image.toml ] ++ facts;
      values = {
        inherit name packages revision;
        inherit (scope) repository target;
        service = scope.serviceName;
        inherit (crate) package version;
        # An image has no such label then.
        license = lib.optionalString (crate.license != null) crate.license;
        source = lib.optionalString (crate.repository != null) crate.repository;
        port = toString port;
      };
    };
  holdRelease =
    setting: facts:
    assertFacts setting ([ ./facts/release.toml ] ++ builtins.filter (more: more != null) facts);
  assertWork = facts: assertFacts null ([ ./facts/work.toml ] ++ facts) null;
  inherit (call ./components.nix { }) componentsOf part stated;
  # The service, or of another name what comes with it.
  own = name: part name crate.version crate.license;
  carried =
    names:
    map (name: {
      built = scope.${name}.crate;
      path = scope.${name}.outPath;
    }) names;
  # A revision of the crate says nothing of the images to work with, and would make them anew at
  # each commit.
  workBase = call ./base.nix {
    labels = removeAttrs scope.labels [ "org.opencontainers.image.revision" ];
  };
in
{
  # What every image says of itself: https://specs.opencontainers.org/image-spec/annotations/
  labels = {
    "org.opencontainers.image.revision" = revision;
    "org.opencontainers.image.version" = crate.version;
    "dev.drydock.packages" = packages;
  }
  // lib.optionalAttrs (scope.source != null) {
    "org.opencontainers.image.source" = scope.source;
  };
  # Where the sources are, or null.
  source = crate.repository;
  packagesFrom = packages;
  base = call ./base.nix { };
  # The first part of their names.
  repository =
    if settings.repository != null then
      settings.repository
    else
      builtins.replaceStrings [ "_" ] [ "-" ] (lib.toLower crate.package);
  layout = call ./layout.nix { };
  image-base = holdRelease null [ ./facts/base.toml ] (componentsOf { image = own crate.package; }) (
    scope.base {
      name = "base";
      inherit (scope) licenses;
    }
  );
  imageAppOf =
    app:
    holdRelease "facts"
      [
        ./facts/app.toml
        scope.layout.facts
        {
          command = scope.arguments;
          health-check = import ./health-check.nix {
            inherit (scope)
              port
              ready
              socket
              startPeriod
              ;
          };
        }
        settings.facts
      ]
      (componentsOf {
        image = own "${crate.package}-files";
        crates = [
          {
            built = app;
            path = app.outPath;
          }
        ]
        ++ carried [ "probe" ];
        others =
          lib.optionalAttrs settings.egress {
            "/etc/ssl/certs/ca-certificates.crt" = stated scope.pkgs.cacert;
          }
          // lib.optionalAttrs settings.timezones { "/usr/share/zoneinfo" = stated scope.pkgs.tzdata; };
      })
      (call ./app.nix { inherit app; });
  image-app = scope.imageAppOf scope.app;
  imageNginxOf =
    config:
    holdRelease "edgeFacts" [ ./facts/nginx.toml settings.edgeFacts ] (componentsOf {
      image = own "${crate.package}-assets";
      crates = carried [
        "keypair"
        "launch"
        "probe"
      ];
      packages = [ scope.nginx ];
      others.${builtins.unsafeDiscardStringContext config.outPath} = own "nginx-config" // {
        license = "MIT";
      };
    }) (call ./nginx.nix { inherit config; });
  image-nginx = scope.imageNginxOf (scope.nginxConfig { });
  # For who has no other ACME client; whoever has none at all need not build it.
  image-acme = holdRelease null [ ./facts/acme.toml ] (componentsOf {
    image = own "${crate.package}-links";
    crates = carried [
      "acme"
      "keypair"
    ];
  }) (call ./acme.nix { });
  # Those of the stack, by the last parts of their names.
  images = builtins.mapAttrs (_: service: service.image-app) scope.services // {
    nginx = scope.image-nginx;
  };
  # All in one archive, for one `docker load`.
  image = scope.pkgs.dockerTools.mergeImages (builtins.attrValues scope.images);
  inherit (call ./oci.nix { }) digests oci;
  # What each of them is made of: see ./components.nix.
  inherit (call ./sbom.nix { }) report sbom;

  imageTools = call ./tools.nix {
    crates = scope.cratesOf (
      lib.unique (
        map (crate: crate + "/Cargo.lock") (
          builtins.attrValues scope.locked ++ map (service: service.src) (builtins.attrValues scope.others)
        )
      )
    );
  };
  image-dev = assertWork [
    ./facts/dev.toml
    {
      environment = (lib.importTOML ./facts/dev.toml).environment ++ scope.devVariables;
      world-writable = lib.genAttrs ([ "/tmp" ] ++ scope.writableOfAll) (_: "1777");
    }
  ] (call ./dev.nix { base = workBase; });
  writableOfAll = lib.unique (
    builtins.concatMap (service: service.writable) (builtins.attrValues scope.services)
  );
  # Besides those of every service.
  devVariables =
    lib.optional settings.egress "SSL_CERT_FILE=${scope.pkgs.cacert}/etc/ssl/certs/ca-bundle.crt"
    ++ lib.mapAttrsToList (name: value: "${name}=${value}") scope.app.working.variables;
  image-ci = assertWork [ ./facts/ci.toml ] (call ./ci.nix { base = workBase; });
  devShells = call ./dev-shell.nix { };
}
