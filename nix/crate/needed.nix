# The libraries, tools and variables that a crate is built with: those that the settings state, and
# those that its crates are known to look for (./needs.toml).
{
  lib,
  pkgs,
  # ./cargo.nix
  crate,
  # The settings of these names: see ../settings/rows.nix.
  libraries,
  tools,
  # ./vendor.nix
  vendor,
}:
let
  # Whether it is there for this program, as far as Cargo.lock says.
  alone = name: !(crate.besides ? ${name});
  known = builtins.intersectAttrs crate.dependencies (lib.importTOML ./needs.toml);
  needs = lib.concatMapAttrs (
    name: need:
    lib.optionalAttrs (
      if alone name then
        !builtins.elem (need.unless or "") crate.dependencies.${name}
      else
        !(need.alone or false)
    ) { ${name} = need; }
  ) known;
  # It may be another package's, and whoever needs it would know after a whole build.
  doubted = builtins.filter (name: !(alone name) && known.${name}.alone or false) (
    builtins.attrNames known
  );
  stated = libraries pkgs.pkgsStatic;
  needed =
    kind: packages:
    map (path: builtins.foldl' (set: name: set.${name}) packages (lib.splitString "." path)) (
      lib.unique (builtins.concatMap (need: need.${kind} or [ ]) (builtins.attrValues needs))
    );
  # With those that they need in turn.
  withTheirs =
    libraries:
    lib.unique (
      libraries
      ++ builtins.concatMap (library: withTheirs (library.propagatedBuildInputs or [ ])) libraries
    );
  found = stated ++ needed "libraries" pkgs.pkgsStatic;
  # Also where the libraries are stated, and libpq is one.
  linksLibpq = known ? pq-sys && builtins.any (one: one.pname or "" == "libpq") found;
in
{
  libraries = builtins.seq (
    if doubted == [ ] || stated != [ ] then
      null
    else
      lib.warn "drydock: Cargo.lock has ${builtins.concatStringsSep ", " doubted}, by more than one package of the workspace; if ${crate.package} is built with it, state libraries = pkgs: [ ${toString (builtins.concatMap (name: map (one: "pkgs.${one}") known.${name}.libraries) doubted)} ]" null
  ) (lib.unique (found ++ lib.optional linksLibpq pkgs.pkgsStatic.openssl));
  tools = tools pkgs.pkgsStatic.buildPackages ++ needed "tools" pkgs.pkgsStatic.buildPackages;
  variables =
    lib.concatMapAttrs (_: need: need.variables or { }) needs
    // lib.optionalAttrs (needs ? utoipa-swagger-ui) {
      SWAGGER_UI_DOWNLOAD_URL = "file:${import ./swagger-ui.nix { inherit pkgs vendor; }}";
    }
    // lib.optionalAttrs linksLibpq {
      PQ_LIB_DIR = import ./libpq.nix { inherit pkgs; };
    };
  inherit withTheirs;
}
