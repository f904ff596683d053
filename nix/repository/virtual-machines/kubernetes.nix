# `.#kubernetes` on an API server, under the Pod Security Standard "restricted" and its own network
# policies, in a virtual machine that knows nobody: the digests are a registry's, so that the images
# of this machine are named in their place.
{
  deployments,
  image,
  pkgs,
  repository,
}:
let
  kustomization = pkgs.writeText "kustomization.yaml" ''
    namespace: web
    resources: [base]
    images:
      - { name: ${repository}/app, newName: docker.io/${repository}/app, newTag: latest }
      - { name: ${repository}/nginx, newName: docker.io/${repository}/nginx, newTag: latest }
    generatorOptions: { disableNameSuffixHash: true }
    secretGenerator:
      - { name: nginx-tls, type: kubernetes.io/tls, files: [tls.crt, tls.key] }
  '';
in
pkgs.testers.runNixOSTest {
  name = "${repository}-kubernetes";
  nodes.machine =
    { config, ... }:
    {
      virtualisation = {
        cores = 2;
        diskSize = 8192;
        memorySize = 6144;
      };
      services.k3s = {
        enable = true;
        # Names are found by CoreDNS; its image, and others, come from the package.
        images = [ config.services.k3s.package.airgap-images ];
        extraFlags = [
          "--disable=local-storage"
          "--disable=metrics-server"
          "--disable=traefik"
        ];
      };
      environment.systemPackages = [
        pkgs.curl
        pkgs.openssl
      ];
    };
  testScript = ''
    machine.wait_for_unit("k3s")
    machine.succeed("gzip --decompress --stdout ${image} | k3s ctr images import -")
    machine.succeed("mkdir /web && cp --recursive --dereference --no-preserve=mode ${deployments.kubernetes} /web/base && cp ${kustomization} /web/kustomization.yaml")
    machine.succeed("openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -days 30 -keyout /web/tls.key -out /web/tls.crt")
    machine.wait_until_succeeds("k3s kubectl get serviceaccount default", timeout=300)
    machine.succeed("k3s kubectl create namespace web && k3s kubectl label namespace web pod-security.kubernetes.io/enforce=restricted")
    machine.succeed("k3s kubectl apply --kustomize /web")
    machine.succeed("k3s kubectl --namespace web rollout status --timeout=600s deployment/app")
    machine.succeed("k3s kubectl --namespace web rollout status --timeout=600s deployment/nginx")
    address = machine.succeed("k3s kubectl --namespace web get service nginx --output jsonpath={.spec.clusterIP}").strip()
    ask = f"curl --silent --show-error --fail --max-time 10 --cacert /web/tls.crt --resolve localhost:443:{address} https://localhost/"
    machine.wait_until_succeeds(ask, timeout=120)
    # Whoever asks meanwhile is answered.
    machine.succeed("k3s kubectl --namespace web rollout restart deployment/app")
    machine.succeed(f"until timeout 1 k3s kubectl --namespace web rollout status deployment/app; do {ask} || exit 1; done", timeout=600)
  '';
}
