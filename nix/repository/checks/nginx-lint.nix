# The configuration of the image, read by gixy: what it finds is wrong, unless
# nginx-lint.toml says why not.
{
  lib,
  pkgs,
  gixy,
  nginx,
  nginxConfig,
}:
let
  exceptions = pkgs.writeText "exceptions.json" (
    builtins.toJSON (lib.importTOML ./nginx-lint.toml).exception
  );
in
pkgs.runCommand "nginx-lint" { nativeBuildInputs = [ pkgs.jq ]; } ''
  version=$(${lib.getExe nginx} -v 2>&1 | sed 's|.*nginx/\([0-9.]*\).*|\1|')
  # It fails when it finds something, and then the findings are there to read. What it
  # cannot read it only mentions.
  ${lib.getExe gixy} --format json --nginx-version "$version" ${nginxConfig { }}/nginx.conf > findings.json 2> mentioned || jq --exit-status 'length > 0' findings.json > /dev/null
  jq --raw-output --slurpfile exceptions ${exceptions} '
    . as $findings
    | def excuses($finding): .check == $finding.plugin and (.directive as $d | $finding.config | contains($d));
    ($findings[] | select(. as $finding | $exceptions[0] | any(excuses($finding)) | not)
      | "\(.file | sub("^/nix/store/[^/]*/"; "nginx/")):\(.line): \(.plugin): \(.summary)\n  \(.reason)"),
    ($exceptions[0][] | select(. as $exception | $findings | any(. as $finding | $exception | excuses($finding)) | not)
      | "nginx-lint.toml: \(.check) finds nothing in: \(.directive)")
  ' findings.json >> mentioned
  cat mentioned
  [ ! -s mentioned ]
  touch "$out"
''
