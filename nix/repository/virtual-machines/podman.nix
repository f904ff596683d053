# The NixOS module of `.#quadlet`, in a virtual machine that starts before there is anything to pull:
# its units get to serve once the images are published.
{
  deployments,
  lib,
  pkgs,
  programs,
  repository,
}:
pkgs.testers.runNixOSTest {
  name = "${repository}-podman";
  nodes.machine = {
    imports = [ (import "${deployments.quadlet}/nixos.nix" { registry = "localhost:5000/web"; }) ];
    virtualisation = {
      containers.registries.insecure = [ "localhost:5000" ];
      cores = 2;
      diskSize = 4096;
      memorySize = 3072;
    };
    services.dockerRegistry.enable = true;
  };
  testScript = ''
    machine.wait_for_unit("docker-registry")
    machine.wait_for_open_port(5000)
    machine.wait_until_succeeds("journalctl --unit ${repository}-tls --grep 'localhost:5000'", timeout=300)
    machine.succeed("${lib.getExe programs.publish} docker://localhost:5000/web v1")
    machine.wait_for_unit("podman-${repository}-nginx", timeout=600)
    answer = machine.wait_until_succeeds("curl --silent --show-error --fail --insecure --max-time 10 https://localhost/", timeout=120)
    assert "X-Forwarded-Proto: https" in answer, answer
    machine.succeed("systemctl stop podman-${repository}-nginx podman-${repository}-app")
  '';
}
