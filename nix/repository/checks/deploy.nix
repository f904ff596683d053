# Each engine is told the same of a stack, and what always holds is in each of these renderings: of
# the reference service, and of others that need something else. What reads a rendering in earnest
# takes it: Compose, Swarm's parser, kustomize, Podman's generator of units and systemd.
{
  # The reference service's: ../../deploy.
  composeFile,
  deployments,
  description,
  digests,
  renderings,
  lib,
  mkCrane,
  mkRustBin,
  pkgs,
  # Python files of kubernetes-validate, and their interpreter.
  kubernetesValidate,
}:
let
  stackOf =
    settings:
    import ../../stack.nix {
      inherit mkCrane mkRustBin pkgs;
      settings = {
        src = ../../../examples/chat;
      }
      // settings;
    };
  cases = {
    a-reference = {
      inherit composeFile description renderings;
    };
    data = stackOf {
      src = ../../../examples/notes;
      secrets = [ "NOTES_KEY" ];
      writable = [
        "/data"
        "/tmp"
      ];
    };
    egress = stackOf {
      egress = true;
      ready = "tcp";
      registry = "images.example.org/team";
      repository = "team/chat";
    };
    loopback = stackOf {
      listen = "loopback";
      services.api = {
        path = "/api/";
        egress = true;
      };
    };
    metrics = stackOf {
      src = ../../../examples/hello;
      metrics = 9464;
      edgeMetrics = 9465;
    };
    shared = stackOf {
      listen = "/run/chat/http.socket";
      services.api = {
        path = "/api/";
        listen = "loopback";
        port = 9000;
      };
    };
    tls = stackOf {
      protocol = "https";
      services.hello = {
        host = "hello.example.org";
        src = ../../../examples/hello;
      };
    };
  };
  put =
    folder: files:
    lib.concatMapStrings (file: ''
      install -D -m 444 ${pkgs.writeText "file" files.${file}} "${folder}/${file}"
    '') (builtins.attrNames files);
  make = name: stack: ''
    mkdir -p cases/${name}/quadlet bases/${name}
    cp ${stack.composeFile} cases/${name}/local.yaml
    cp ${pkgs.writeText "description.json" (builtins.toJSON stack.description)} cases/${name}/description.json
    ${put "cases/${name}" (stack.renderings.compose // stack.renderings.swarm or { })}
    ${put "cases/${name}/quadlet" stack.renderings.quadlet}
    ${put "bases/${name}" stack.renderings.kubernetes}
    kubectl kustomize bases/${name} > cases/${name}/kubernetes.yaml
    mkdir profiled
    echo '{ resources: [../bases/${name}], components: [../bases/${name}/seccomp] }' > profiled/kustomization.yaml
    kubectl kustomize profiled > cases/${name}/profiled.yaml
    rm -r profiled
  '';
  # A module is what NixOS makes of it; here is seen that it is one, and which options it sets.
  module = import ../../deploy/podman/module.nix {
    registry = "images.example.org/team";
    stack = builtins.fromJSON renderings.quadlet."stack.json";
    profiles = deployments.quadlet + "/seccomp";
  };
  made = module {
    inherit lib;
    config.virtualisation.podman.package = pkgs.podman;
  };
in
pkgs.runCommand "deploy"
  {
    nativeBuildInputs = [
      pkgs.docker-client
      pkgs.docker-compose
      pkgs.jq
      pkgs.kubectl
      pkgs.systemd
    ];
    PYTHONPATH = kubernetesValidate;
    PODMAN = lib.getExe pkgs.podman;
    quadlet = "${pkgs.podman}/libexec/podman/quadlet";
    workers = "${../../../nginx/main/process.conf}";
    module = builtins.toJSON made;
    passAsFile = [ "module" ];
    inherit digests;
    inherit (deployments) kubernetes;
    deployed = toString (lib.mapAttrsToList (_: output: "${output}") deployments);
  }
  ''
    export HOME=$PWD PYTHONDONTWRITEBYTECODE=1
    ${builtins.concatStringsSep "" (lib.mapAttrsToList make cases)}
    hold() { ${lib.getExe' kubernetesValidate.interpreter "python3"} ${./deploy}/hold.py ${./deploy}/broken.json cases/*; }
    source ${./deploy/engines.sh}
    touch "$out"
  ''
