# No crate in any lock file has a known vulnerability, as far as the database at hand
# knows; a crate's .cargo/audit.toml says which advisories do not concern it.
{
  lib,
  pkgs,
  crane,
  # RustSec's advisory database: a folder with `crates` in it; where there is none,
  # nothing can be looked up.
  advisoryDb,
  # The folders that have a Cargo.lock, by name.
  locked,
}:
let
  audit =
    name: src:
    crane.cargoAudit {
      inherit src;
      pname = name;
      advisory-db = advisoryDb;
    };
in
if advisoryDb != null && builtins.pathExists (advisoryDb + "/crates") then
  pkgs.writeText "advisories" (lib.concatLines (lib.mapAttrsToList audit locked))
else
  lib.warn "there is no advisory database here: no crate was looked up in it" (
    pkgs.writeText "no-advisories" ""
  )
