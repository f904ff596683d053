# The settings of a service: a row for each, with what it may be, its default and what it is for.
# What a caller gives is held to its row (./check.nix), and docs/ADOPT.md has the same rows
# (./page.nix).
{ lib }:
let
  inherit (builtins)
    all
    attrValues
    elem
    isAttrs
    isString
    match
    ;
  inherit (import ./types.nix { inherit lib; })
    absolute
    below
    boolean
    file
    folder
    list
    matching
    named
    number
    oneOf
    orNull
    packages
    port
    text
    type
    ;
  row = type: default: meaning: {
    inherit default meaning type;
  };
  required = type: meaning: { inherit meaning type; };
in
{
  src = required folder "The folder that has `Cargo.toml` and `Cargo.lock`.";
  package =
    row (orNull text) null
      "Which package of a workspace it is; by itself the one at the top, or the only one that has a program.";
  name =
    row (orNull text) null
      "Which program of the package it is; by itself `default-run`, or the only one.";
  features = row (list text) [ ] "Features of the package besides its default ones.";
  defaultFeatures = row boolean true "Whether its default features are on.";
  repository =
    row
      (orNull (
        matching "lower-case letters, digits and - between them" "[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*"
      ))
      null
      "The first part of the images' names, which end in `/app` and `/nginx`; by itself the package's name.";
  registry =
    row
      (orNull (
        matching "a registry's host and a path in it, such as \"images.example.org/team\"" "[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
      ))
      null
      "Where the images are published, for what is rendered of `.#compose`, `.#swarm`, `.#kubernetes` and `.#quadlet`; by itself these ask for it where they are used. A change builds no image anew.";
  sources =
    row (orNull (list below)) null
      "The files and folders that it is built from; by itself all but what no crate is built from, such as `*.nix`. A change of another one builds nothing anew.";
  testSources = row (list below) [
    "tests"
    "benches"
    "examples"
    "fuzz"
  ] "What only its tests read of those, in each package's folder: a change builds no other image.";
  strict =
    row boolean false
      "Whether a warning of the compiler, of clippy or of rustdoc fails a check, and so does what `cargo fmt` would change; fuzz targets run.";
  standalone =
    row boolean true
      "Whether it answers with nothing else beside it, no database for example: a check asks it so, through the edge.";
  libraries =
    row packages (_: [ ])
      "Libraries of C that its crates link with, of the static platform, besides those that crates such as openssl-sys are known to need.";
  tools =
    row packages (_: [ ])
      "Programs that its build scripts run, besides those that crates such as prost-build are known to need.";
  files =
    row (orNull (list below)) null
      "Files and folders of the sources that the program reads while it runs; they lie below its working directory.";
  arguments = row (list text) [ ] "Arguments of the program.";
  environment = row (named "a variable's name" "[A-Za-z_][A-Za-z0-9_]*" "a text"
    "([^\n]|\n)*"
  ) { } "Variables of its environment; none of them may be a secret, which is what `secrets` is for.";
  writable =
    row (list absolute) [ ]
      "Folders that it may write to, each a volume; `/tmp` is in memory, 64 MB.";
  egress =
    row boolean false
      "Whether it may call other services: a network that leads out, and the certificates of public authorities.";
  memory =
    row (matching "a number and k, m or g, such as \"512m\"" "[1-9][0-9]*[kmg]") "512m"
      "How much memory its container may have.";
  timezones = row boolean false "Whether the image has the data of time zones.";
  port = row port 8080 "The TCP port that it serves HTTP/1.1 on.";
  metrics =
    row (orNull port) null
      "The TCP port that Prometheus finds its `/metrics` on, to which the edge has no route; a service on the chassis is told to have them there.";
  listen =
    row
      (type
        "\"all\", \"loopback\", or the path of a Unix socket in a folder of its own or in /tmp, such as \"/run/web/http.socket\""
        (
          value:
          elem value [
            "all"
            "loopback"
          ]
          || absolute.accepts value && match "/[^/]+" value == null
        )
      )
      "all"
      "Where it listens: at all addresses; `loopback` for a program that knows 127.0.0.1 only, which then shares the edge's network, and that one's way out; or at a Unix socket, whose folder it shares with the edge.";
  protocol =
    row
      (oneOf [
        "http"
        "https"
      ])
      "http"
      "What it speaks: `https` for a program that does not serve without TLS; the edge takes whatever certificate it has, in a network of their own.";
  ready =
    row
      (orNull (
        type "a path that begins with /, or \"tcp\"" (
          value: isString value && (value == "tcp" || lib.hasPrefix "/" value)
        )
      ))
      null
      "How it is seen to be ready: a path that answers 2xx, `tcp` for a connection; by itself any answer of HTTP to `/`.";
  startPeriod = row number 30 "How many seconds it may take to begin to answer.";
  stop =
    row
      (oneOf [
        "SIGTERM"
        "SIGINT"
        "SIGQUIT"
        "none"
      ])
      "SIGTERM"
      "The signal that it ends at; `none` for a program that handles no signal, which is made to end at SIGTERM, at once and with 0, whatever it has in hand.";
  edge =
    row (orNull folder) null
      "A folder whose files lie over those of `nginx/`, by their names; one more is read in `http/`, `sites/` and `server/options/`.";
  headers =
    row
      (oneOf [
        "plain"
        "strict"
      ])
      "plain"
      "What the edge says of a page that says nothing of it: `plain` breaks none, `strict` allows nothing but what comes from the site itself, and no form.";
  streaming =
    row boolean true
      "Whether what the service sends is sent on at once, such as server-sent events; a small answer costs the edge a tenth more.";
  websockets = row boolean true "Whether WebSockets pass.";
  bodySize =
    row (matching "a number and k or m, such as \"100m\"" "[1-9][0-9]*[km]") "1m"
      "How large a body may be; above 1m it goes to the service as it comes.";
  timeout = row number 60 "How many seconds the service may be silent within an answer.";
  redirects = row (named "a path, or a host's name" "/[^][ \\\"$;{}]*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
    "a path, or a URL"
    "(/|https?://)[^ \\\"$;{}]*"
  ) { } "What has moved: paths, to paths or URLs, and host names, to URLs without a path.";
  caching = row (named "a path" "/[^ \\\"$;{}]*" "a time, such as \"1d\", or \"max\""
    "[1-9][0-9]*[smhdwy]|max"
  ) { } "How long browsers keep what is below a path.";
  assets = row (orNull folder) null "A folder that the edge serves below `/assets/`.";
  deny =
    row (orNull file) null
      "What its crates may be, as cargo-deny's configuration; by itself its own `deny.toml`, if there is one.";
  facts =
    row (orNull file) null
      "Facts of its image, as TOML, in the place of what nix/images/facts/app.toml says.";
  edgeFacts =
    row (orNull file) null
      "The same of the edge's image, in the place of nix/images/facts/nginx.toml.";
  edgeMetrics =
    row (orNull port) null
      "The TCP port that Prometheus finds the edge's own `/metrics` on, which no engine publishes.";
  seccomp =
    row
      (orNull (type "\"chassis\", or a path to a file" (value: value == "chassis" || file.accepts value)))
      null
      "Which system calls it may make, any other one ending it: a [seccomp profile](DEPLOY.md#system-calls) of yours, or `chassis`, for a service that asks nothing of the system but what the chassis does; by itself those that the engine allows to any.";
  secrets =
    row (list (matching "a variable's name" "[A-Za-z_][A-Za-z0-9_]*")) [ ]
      "Variables that it has as files instead: of each, the one that is called `…_FILE` besides says where its file is.";
  services =
    row
      (type "a set of services by their names, each with `path` or `host` and settings of its own" (
        value: isAttrs value && all isAttrs (attrValues value)
      ))
      { }
      "Other services behind the same edge, by name: those of a path, such as `api = { path = \"/api/\"; package = \"api\"; }`, or of a host, with `host`; each has the settings here that are not of the edge.";
  editBytes =
    row (orNull number) null
      "What a change of one line may ship, in bytes; by itself as much as it does.";
  revision =
    row (orNull text) null
      "The revision of the sources, for labels; by itself what git says of `src = self`.";
}
