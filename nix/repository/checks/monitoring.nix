# What is in ../../../monitoring: promtool reads the rules, and raises each of them; a real Prometheus
# looks at the service, and raises what it can be made to do: ./monitoring.py.
{
  app,
  lib,
  name,
  pkgs,
}:
let
  promtool = lib.getExe' pkgs.prometheus.cli "promtool";
in
pkgs.runCommand "monitoring" { nativeBuildInputs = [ pkgs.python314 ]; } ''
  cp ${../../../monitoring}/alerts.yaml ${./monitoring.yaml} .
  ${promtool} check rules --lint-fatal alerts.yaml
  ${promtool} test rules "$(basename ${./monitoring.yaml})"
  timeout 300 python3 ${./monitoring.py} ${lib.getExe' app name} ${lib.getExe' pkgs.prometheus "prometheus"} "$PWD/alerts.yaml" ${../../../monitoring/dashboard.json}
  touch "$out"
''
