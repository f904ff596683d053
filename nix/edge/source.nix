# ../../nginx with what the settings lay over it, but for the folder of the service's own: the part
# of the edge's configuration that no edit of the service's repository changes.
{
  lib,
  runCommand,
  # ./substitutions.nix
  substitutions,
  # ./options.nix
  options,
  # The other services behind the edge, by name: scopes of ../stack.nix.
  others,
  # The settings of these names: see ../settings/rows.nix.
  bodySize,
  protocol,
  timeout,
}:
let
  source = lib.fileset.toSource {
    root = ../../nginx;
    fileset = lib.fileset.unions (
      map (folder: lib.fileset.fileFilter (file: file.hasExt "conf") (../../nginx + "/${folder}")) [
        "events"
        "http"
        "main"
        "server"
        "sites"
      ]
      ++ [ ../../nginx/nginx.conf ]
    );
  };
  # Host names first, and of two paths the longer one.
  ordered = builtins.sort (
    one: two:
    if (one.basePath == "/") != (two.basePath == "/") then
      one.basePath == "/"
    else
      builtins.stringLength one.basePath > builtins.stringLength two.basePath
  ) (builtins.attrValues others);
  # What the service gets is what it is chosen by: host and target as they came.
  expression =
    service:
    if service.basePath == "/" then
      "^${lib.escapeRegex service.host}/"
    else
      "^[^/]*${lib.escapeRegex (lib.removeSuffix "/" service.basePath)}(?:[/?]|$)";
  addressOf = upstream: protocol: "${protocol}://${upstream}";
  chosen = builtins.toFile "services.conf" (
    ''
      # Which service a request is for, by its host and its target as they came.
      map "$host$request_uri" $service {
          default ${addressOf "app" protocol};
    ''
    + lib.concatMapStrings (service: ''
      ${"    "}"~${expression service}" ${addressOf service.serviceName service.protocol};
    '') ordered
    + "}\n"
  );
in
runCommand "edge-source" { } ''
  cp -r ${source} "$out"
  chmod -R u+w "$out"
  cd "$out"
  ${lib.concatMapStrings (folder: ''
    cp -r --no-preserve=mode ${folder}/. .
  '') options.folders}
  ${substitutions.apply "." {
    body = bodySize;
    answer = "${toString timeout}s";
  }}
  ${lib.optionalString (ordered != [ ]) ''
    cp ${chosen} http/services.conf
    ${lib.concatMapStrings (service: ''
      sed -E 's/^upstream app /upstream ${service.serviceName} /; s/^( +zone +)app /\1${service.serviceName} /; s/app:8000/${service.upstream}/' \
        http/upstream.conf > http/upstream-${service.serviceName}.conf
    '') ordered}
    find server sites -type f -exec sed -i 's|http://app|$service|' {} +
  ''}
  ${lib.optionalString (ordered == [ ] && protocol != "http") ''
    find server sites -type f -exec sed -i 's|http://app|${addressOf "app" protocol}|' {} +
  ''}
  # Reasons are for whoever edits, and would be half of what an edit ships. Lines keep their numbers,
  # which nginx names.
  find . -type f -exec sed -i 's/^ *#.*//' {} +
''
