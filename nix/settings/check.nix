# Holds what a caller gives to ./rows.nix.
{ lib }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatStringsSep
    elem
    filter
    isAttrs
    match
    ;
  inherit (import ./types.nix { inherit lib; }) host urlPath shown;
  rows = import ./rows.nix { inherit lib; };
  # Of the edge, which a stack has one of; and what only the whole has.
  ofTheWhole = [
    "assets"
    "bodySize"
    "caching"
    "edge"
    "edgeFacts"
    "edgeMetrics"
    "editBytes"
    "headers"
    "redirects"
    "registry"
    "repository"
    "revision"
    "services"
    "streaming"
    "timeout"
    "websockets"
  ];
in
rec {
  # The settings with their defaults, or a sentence that says which of them is wrong.
  check = checkAs "";
  checkAs =
    where: given:
    let
      refuse = sentence: throw "drydock: ${where}${sentence}";
      unknown = filter (name: !(rows ? ${name})) (attrNames given);
      missing = filter (name: !(rows.${name} ? default) && !(given ? ${name})) (attrNames rows);
      wrong = filter (name: rows ? ${name} && !rows.${name}.type.accepts given.${name}) (attrNames given);
      first = list: builtins.head list;
    in
    if !isAttrs given then
      refuse "lib.service takes a set of settings, such as { src = self; }"
    else if unknown != [ ] then
      refuse "there is no setting ${first unknown}; there are ${concatStringsSep ", " (attrNames rows)}"
    else if missing != [ ] then
      refuse "the setting ${first missing} is missing; it is ${rows.${first missing}.type.is}"
    else if wrong != [ ] then
      refuse "the setting ${first wrong} is ${shown given.${first wrong}}; it may be ${rows.${first wrong}.type.is}"
    else
      let
        services = builtins.mapAttrs (checkService given) given.services or { };
      in
      builtins.foldl' (settings: service: builtins.seq service settings) (
        builtins.mapAttrs (name: row: given.${name} or row.default) rows // { inherit services; }
      ) (attrValues services ++ [ (checkTogether where ({ "" = given; } // services)) ]);
  # What no setting is wrong in, and two are.
  checkTogether =
    where: given:
    let
      of = name: service: service.${name} or rows.${name}.default;
      sharing = filter (name: of "listen" given.${name} == "loopback") (attrNames given);
      portOf = name: of "port" given.${name};
      said = name: if name == "" then where else "services.${name}: ";
      refuse = name: sentence: throw "drydock: ${said name}${sentence}";
      ofTheEdge = [
        80
        443
        8081
      ];
      edges = filter (name: elem (portOf name) ofTheEdge) sharing;
      # One port, or one that another has in the same network.
      hidden = filter (
        name:
        let
          metrics = of "metrics" given.${name};
          others = if elem name sharing then ofTheEdge ++ map portOf sharing else [ (portOf name) ];
        in
        metrics != null && elem metrics others
      ) (attrNames given);
      edgeMetrics = of "edgeMetrics" given."";
      beside = map portOf sharing ++ map (name: of "metrics" given.${name}) sharing;
      again = filter (
        name: builtins.any (other: other < name && portOf other == portOf name) sharing
      ) sharing;
      unseen = filter (
        name:
        of "protocol" given.${name} == "https" && lib.hasPrefix "/" (toString (of "ready" given.${name}))
      ) (attrNames given);
      first = builtins.head;
    in
    if edges != [ ] then
      refuse (first edges) "the setting port is ${toString (portOf (first edges))}, which the edge has for itself in the network that the two share by listen = \"loopback\"; it may be any but 80, 443 and 8081"
    else if again != [ ] then
      refuse (first again) "the setting port is ${toString (portOf (first again))}, as that of another service; those with listen = \"loopback\" share a network, so each needs a port of its own"
    else if hidden != [ ] then
      refuse (first hidden) "the setting metrics is ${
        toString (of "metrics" given.${first hidden})
      }, which is a port that the edge can reach; it may be any other one"
    else if edgeMetrics != null && elem edgeMetrics (ofTheEdge ++ beside) then
      refuse "" "the setting edgeMetrics is ${toString edgeMetrics}, which is another port in the edge's network; it may be any other one"
    else if unseen != [ ] then
      refuse (first unseen) "the setting ready is a path, and what looks at it speaks no TLS, as the setting protocol says that this one does; ready may be \"tcp\""
    else
      null;
  # One of `services`: its settings, with those of the whole that are its own, too, and its place.
  checkService =
    whole: name: given:
    let
      refuse = sentence: throw "drydock: services.${name}: ${sentence}";
      foreign = filter (setting: elem setting ofTheWhole) (attrNames given);
      settings = checkAs "services.${name}: " (
        builtins.intersectAttrs {
          src = null;
          strict = null;
        } whole
        // removeAttrs given [
          "host"
          "path"
        ]
      );
    in
    if
      match "[a-z]([a-z0-9-]*[a-z0-9])?" name == null
      || elem name [
        "app"
        "dev"
        "network"
        "nginx"
        "tls"
      ]
    then
      refuse "it may not be called so; a name has lower-case letters, digits and - between them, and is none of app, dev, network, nginx and tls, which are there"
    else if given ? path == given ? host then
      refuse "it needs a path, such as path = \"/${name}/\", or a host, such as host = \"${name}.example.org\", and not both"
    else if given ? path && !urlPath.accepts given.path then
      refuse "path is ${shown given.path}; it may be ${urlPath.is}"
    else if given ? host && !host.accepts given.host then
      refuse "host is ${shown given.host}; it may be ${host.is}"
    else if foreign != [ ] then
      refuse "the setting ${builtins.head foreign} is of the whole, and stands beside services"
    else
      builtins.seq settings.src given;
}
