# What ../../checks/starting.sh says of programs, each of which does one thing that it has a
# sentence for: ./starting.py is all of them.
{
  keypair,
  lib,
  pkgs,
}:
let
  start =
    what: settings:
    (import ../../checks/starting.nix ({
      inherit lib pkgs;
      app = pkgs.runCommand "stranger" { } ''
        mkdir -p "$out/bin"
        { echo '#!${pkgs.python314}/bin/python3'; cat ${./starting.py}; } > "$out/bin/stranger"
        chmod +x "$out/bin/stranger"
      '';
      arguments = [ what ];
      crate.folder = "/web";
      layout = {
        files = [ ];
        put = "";
        variables = [ ];
        workingDirectory = "";
        writable = [ ];
      }
      // settings.layout or { };
      listen = settings.listen or "all";
      name = "stranger";
      port = settings.port or 8080;
      protocol = settings.protocol or "http";
      socket = null;
      src = ../../../examples/pair;
      startPeriod = settings.startPeriod or 30;
      stop = settings.stop or "SIGTERM";
    }));
  # What it says: a sentence that has this text, or one with each of a list, and no other.
  case = does: settings: says: {
    inherit does settings;
    says = if builtins.isList says then says else builtins.filter (text: text != "") [ says ];
  };
  cases = [
    (case "nothing" { } "")
    (case "loopback" { } "listens at 127.0.0.1 alone, so the setting is listen = \"loopback\"")
    (case "loopback" { listen = "loopback"; } "")
    (case "nothing" { port = 8443; } "listens at port 8080, so the setting is port = 8080")
    (case "socket" { } "Unix socket, so the setting is listen = \"/tmp/web/http.socket\"")
    (case "low" { } "listens at port 80, so the setting is port = 80")
    (case "tls" { } "speaks TLS at port 8080, so the setting is protocol = \"https\"")
    (case "tls" { protocol = "https"; } "")
    (case "nothing" { protocol = "https"; } "so the setting is protocol = \"http\"")
    (case "file" { } "so the setting is files = [ \"web/src\" ]")
    (case "top" { } "so the setting is files = [ \"flake.nix\" ]")
    (case "compiled-in" { } "so the setting is files = [ \"web/src\" ]")
    (case "file" { layout.files = [ "web/Cargo.toml" ]; } "files = [ \"web/Cargo.toml\" \"web/src\" ]")
    (case "no-database" { layout.writable = [ "/data" ]; } "looks for /data/all.db, which there is not")
    (case "absent" { } "looks for /absent.toml, which there is not")
    (case "folder" { } "so the setting is writable = [ \"/build/source/uploads\" ]")
    (case "database" { } "so the setting is writable = [ \"/build/source\" ]")
    (case "data" { } "so the setting is writable = [ \"/data\" ]")
    (case "top-written" { layout.workingDirectory = "/build/source"; } "writes to the folder /, which")
    (case "closes" { } "looks for /absent.toml, which there is not")
    (case "data" { layout.writable = [ "/data" ]; } "")
    # No program writes where other builds read.
    (case "store" { } "")
    (case "calls" { } "calls port 5432 of 127.0.0.1 as it starts or answers, where nobody is")
    # The settings' port is the one that counts, and of others the lowest.
    (case "two" { } "")
    (case "two" { port = 8443; } "so the setting is port = 8080")
    (case "nothing" { listen = "/tmp/web/http.socket"; } "so the setting is listen = \"all\"")
    (case "edge-port" { } "listens at port 8081 of 127.0.0.1 alone, a port that the edge has")
    (case "edge-port" { listen = "loopback"; } "listens at port 8081 of 127.0.0.1 alone, a port that")
    (case "low-loopback" { } "listens at port 80 of 127.0.0.1 alone, a port that the edge has")
    (case "low" { listen = "loopback"; } [
      "so the setting is port = 80"
      "so the setting is listen = \"all\""
    ])
    (case "loopback-6" { } "listens at ::1 alone, where the edge does not ask")
    (case "address" { } "asks for the address 192.0.2.1, which its container has not")
    (case "any-port" { } "asks the system for any port, and has another one each time")
    (case "relative-socket" { } "so the setting is listen = \"/socket/http.socket\"")
    (case "relative-socket" {
      layout.workingDirectory = "/build/source";
    } "so the setting is listen = \"/build/source/socket/http.socket\"")
    (case "top-socket" { } "listens at the Unix socket /http.socket, and the setting listen takes")
    # A volume over what the image has would hide it.
    (case "over-files" { } "so the setting is writable = [ \"/build/source/web/src\" ]")
    (case "over-files"
      {
        layout.files = [
          "web/src"
          "web/Cargo.toml"
        ];
      }
      [
        "files = [ \"web/Cargo.toml\" ]"
        "writable = [ \"/build/source/web/src\" ]"
      ]
    )
    (case "hidden" { } "so the setting is writable = [ \"/.stranger\" ]")
    (case "log" { } "so the setting is writable = [ \"/var/log\" ]")
    # What it wrote says which one matters.
    (case "etc" { } "looks for /etc/stranger/a.toml, which there is not")
    (case "etc-written" { } "writes to the folder /etc, which no setting lets it")
    (case "done" { } "ends with 0 before it is told to")
    (case "variable" { } "")
    # Whoever walks through folders looks there.
    (case "walks" { } "")
    (case "runs" { } "runs the program stranger-tool, and its image has no program but itself")
    (case "panics" { } "panics as it answers /")
    (case "panics-at-start" { } "panics as it starts, and not for want of a file: there is no runtime")
    (case "panics-at-file" { } "so the setting is files = [ \"web/src\" ]")
    (case "late" {
      startPeriod = 2;
    } "listens nowhere within 2 seconds; the setting startPeriod gives it more")
    (case "beside" { } "looks for stranger.toml beside itself")
    (case "http2" { } "speaks HTTP/2 alone at port 8080")
    (case "silent" { } "does not answer / within 5 seconds")
    (case "deaf" { }
      "handles no signal, as the first process of a container has to, so the setting is stop = \"none\""
    )
    (case "deaf" { stop = "none"; } "")
    (case "interrupt" { }
      "handles SIGINT and no SIGTERM, as the first process of a container has to, so the setting is stop = \"SIGINT\""
    )
    (case "interrupt" { stop = "SIGINT"; } "")
    (case "nothing" { stop = "none"; } "")
  ];
in
pkgs.runCommand "starting"
  {
    nativeBuildInputs = [
      pkgs.curl
      pkgs.strace
    ];
  }
  (
    ''
      mkdir none pair
      ${lib.getExe keypair} --from none --to pair --owner "$(id -u):$(id -g)" > /dev/null
    ''
    + lib.concatMapStrings (case: ''
      rm -rf files seen body
      mkdir files
      cp -r pair files
      ${(start case.does case.settings).hints} > output
      wrong=
      [ "$(wc -l < output)" = ${toString (builtins.length case.says)} ] || wrong=1
      ${lib.concatMapStrings (text: ''
        grep -qF -- ${lib.escapeShellArg text} output || wrong=1
      '') case.says}
      if [ -n "$wrong" ]; then
        echo "starting: of a program that does '${case.does}', this was expected:" ${lib.escapeShellArgs case.says} "and this is said:" >&2
        cat output lines >&2
        touch failed
      fi
    '') cases
    + ''
      # In a network of its own it has that port.
      [ ! -s ${(start "low" { port = 80; }).report} ] || { cat ${
        (start "low" { port = 80; }).report
      } >&2; touch failed; }
    ''
    + ''
      [ ! -e failed ]
      touch "$out"
    ''
  )
