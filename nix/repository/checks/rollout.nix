# What `./drydock rollout` takes, what it refuses in a sentence, and what it has Swarm and Kubernetes
# do, with clients that say what a case has written for them. The container tests have it on Compose.
{
  call,
  mkCrane,
  mkRustBin,
  pkgs,
}:
let
  client =
    name:
    pkgs.writeShellApplication {
      inherit name;
      text = ''
        echo "${name} $*" >> "$CASES/calls"
        # shellcheck source=/dev/null
        source "$CASES/answers"
      '';
    };
  clients = {
    docker-client = client "docker";
    docker-compose = client "docker-compose";
    engine = client "drydock-engine";
    kubectl = client "kubectl";
  };
  rolloutOf =
    call:
    call ../../commands/rollout.nix {
      inherit (clients) docker-client engine kubectl;
      onStack = call ../../commands/on-stack.nix {
        stackTools = [
          clients.docker-client
          clients.docker-compose
          clients.engine
          pkgs.curl
          pkgs.jq
        ];
      };
    };
  # One that has what cannot be there twice.
  other = import ../../stack.nix {
    inherit mkCrane mkRustBin pkgs;
    settings = {
      # Any crate will do: nothing of it is built.
      src = ../../../crates/probe;
      files = [ ];
      listen = "loopback";
      services = {
        socket = {
          files = [ ];
          path = "/socket/";
          listen = "/run/socket/http.socket";
        };
        data = {
          files = [ ];
          path = "/data/";
          writable = [ "/data" ];
        };
      };
    };
  };
in
pkgs.runCommand "rollout" { nativeBuildInputs = [ pkgs.jq ]; } ''
  export HOME=$PWD CASES=$PWD
  ours=${rolloutOf call}/bin/drydock-rollout others=${rolloutOf other.call}/bin/drydock-rollout
  source ${./rollout.sh}
  touch "$out"
''
