# `./drydock rollout`
{
  # ../deploy/description.nix
  description,
  docker-client,
  engine,
  jq,
  kubectl,
  lib,
  onStack,
  # By name: a scope of ../stack.nix for each service behind the edge.
  services,
  util-linux,
  writeShellApplication,
}:
let
  # Why there cannot be two replicas of a service on one engine for a while.
  single =
    name: service:
    if service.listen == "loopback" then
      "listens at 127.0.0.1 of the edge's own network"
    else if service.socket != null then
      "listens at a Unix socket, of which there is one"
    else if description.containers.${name}.replicas.most == 1 then
      "keeps data that two at a time may not have"
    else
      "";
  # The Deployment of Kubernetes that has the service's container.
  deployment = name: if description.containers.${name}.listens == null then "nginx" else name;
  each =
    of:
    toString (
      lib.mapAttrsToList (name: service: "[${name}]=${lib.escapeShellArg (of name service)}") services
    );
  facts = ''
    # shellcheck disable=SC2034 # not all parts have a use for all of them
    declare -A single=(${each single}) deployments=(${each (name: _: deployment name)} [nginx]=nginx)
  '';
  part =
    name: tools:
    writeShellApplication {
      name = "drydock-rollout-${name}";
      runtimeInputs = tools ++ [ jq ];
      text =
        facts
        + builtins.readFile ./edge-answers.sh
        + lib.concatMapStrings builtins.readFile (
          lib.optional (name == "swarm") ./fetch.sh ++ [ (./. + "/rollout-${name}.sh") ]
        );
    };
  onCompose = onStack "rollout-compose" (
    [ "flock=${lib.getExe' util-linux "flock"}" ]
    ++ map builtins.readFile [
      ./edge-answers.sh
      ./fetch.sh
      ./replicas.sh
      ./rolled-out.sh
    ]
  );
in
writeShellApplication {
  name = "drydock-rollout";
  runtimeInputs = [
    onCompose
    (part "swarm" [
      docker-client
      engine
    ])
    (part "kubernetes" [ kubectl ])
  ];
  text = facts + builtins.readFile ./rollout.sh;
}
