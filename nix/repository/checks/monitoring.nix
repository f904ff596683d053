# What is in ../../../monitoring: promtool reads the rules, and raises each of them; a real Prometheus
# looks at the service, and at the edge as its image starts it, and raises what both can be made to
# do: ./monitoring.py.
{
  app,
  keypair,
  launch,
  lib,
  name,
  nginx,
  nginxConfig,
  pkgs,
}:
let
  config = nginxConfig {
    upstream = "127.0.0.1:8001";
    httpPort = 8080;
    httpsPort = 8443;
    tlsFolder = "/tmp/pair";
  };
  promtool = lib.getExe' pkgs.prometheus.cli "promtool";
in
pkgs.runCommand "monitoring"
  {
    nativeBuildInputs = [
      pkgs.openssl
      pkgs.python314
    ];
  }
  ''
    cp ${../../../monitoring}/alerts.yaml ${./monitoring.yaml} .
    ${promtool} check rules --lint-fatal alerts.yaml
    ${promtool} test rules "$(basename ${./monitoring.yaml})"
    timeout 300 python3 ${./monitoring.py} ${lib.getExe' app name} ${lib.getExe' pkgs.prometheus "prometheus"} "$PWD/alerts.yaml" ${../../../monitoring/dashboard.json} ${lib.getExe keypair} ${lib.getExe launch} ${config} /tmp ${lib.getExe nginx} -e stderr -g 'daemon off;'
    touch "$out"
  ''
