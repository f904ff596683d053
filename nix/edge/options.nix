# What the settings lay over ../../nginx: folders, a later one over an earlier one, file by file.
{
  lib,
  pkgs,
  # The settings of these names: see ../settings/rows.nix.
  bodySize,
  caching,
  edge,
  headers,
  redirects,
  streaming,
  websockets,
}:
let
  option = name: ../../nginx/options + "/${name}";
  paths = builtins.filter (lib.hasPrefix "/") (builtins.attrNames redirects);
  hosts = builtins.filter (from: !lib.hasPrefix "/" from) (builtins.attrNames redirects);
  to = from: redirects.${from};
  text = {
    "server/options/redirects.conf" =
      lib.concatMapStrings (from: ''
        location = "${from}" {
            return 301 "${to from}";
        }
      '') paths
      + lib.concatMapStrings (from: ''
        if ($host = "${from}") {
            return 301 "${to from}$request_uri";
        }
      '') hosts;
    "server/options/caching.conf" = lib.concatMapStrings (path: ''
      location "${path}" {
          expires ${caching.${path}};
          proxy_pass http://app;
      }
    '') (builtins.attrNames caching);
  };
  stated = builtins.filter (file: text.${file} != "") (builtins.attrNames text);
in
{
  folders =
    lib.optional (headers == "plain") (option "plain-headers")
    ++ lib.optional streaming (option "streaming")
    ++ lib.optional websockets (option "websockets")
    ++ lib.optional (bodySize != "1m") (option "large-uploads")
    ++ lib.optional (stated != [ ]) (
      pkgs.runCommand "edge-options" { } (
        lib.concatMapStrings (file: ''
          mkdir -p "$out/${dirOf file}"
          cp ${pkgs.writeText "option.conf" text.${file}} "$out/${file}"
        '') stated
      )
    );
  # The service's own.
  own =
    if edge == null then
      null
    else
      builtins.path {
        name = "edge";
        path = edge;
      };
}
