# The images, each once the facts hold that are stated for it, and the shells of the same tools.
scope:
let
  inherit (scope)
    call
    lib
    name
    port
    revision
    ;
  packages = "nixpkgs ${lib.version}";
  hold =
    facts: image:
    call ./facts.nix {
      inherit image;
      facts = [ ./facts/every-image.toml ] ++ facts;
      values = {
        inherit name packages revision;
        inherit (scope) readyPath repository target;
        inherit (scope.manifest) license version;
        package = scope.manifest.name;
        port = toString port;
      };
    };
  holdRelease = facts: hold ([ ./facts/release.toml ] ++ builtins.filter (file: file != null) facts);
  holdWork =
    file:
    hold [
      ./facts/work.toml
      file
    ];
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
    "org.opencontainers.image.version" = scope.manifest.version;
    "dev.drydock.packages" = packages;
  };
  base = call ./base.nix { };
  image-base = holdRelease [ ./facts/base.toml ] (
    scope.base {
      name = "base";
      inherit (scope) licenses;
    }
  );
  imageAppOf = app: holdRelease [ ./facts/app.toml scope.facts ] (call ./app.nix { inherit app; });
  image-app = scope.imageAppOf scope.app;
  imageNginxOf =
    config: holdRelease [ ./facts/nginx.toml scope.edgeFacts ] (call ./nginx.nix { inherit config; });
  image-nginx = scope.imageNginxOf (scope.nginxConfig { });
  # Both in one archive, for one `docker load`.
  image = scope.pkgs.dockerTools.mergeImages [
    scope.image-app
    scope.image-nginx
  ];
  # Their last names.
  names = [
    name
    "nginx"
  ];

  imageTools = call ./tools.nix {
    crates = scope.cratesOf (map (crate: crate + "/Cargo.lock") (builtins.attrValues scope.locked));
  };
  image-dev = holdWork ./facts/dev.toml (call ./dev.nix { base = workBase; });
  image-ci = holdWork ./facts/ci.toml (call ./ci.nix { base = workBase; });
  devShells = call ./dev-shell.nix { };
}
