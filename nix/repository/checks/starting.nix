# What ../../checks/starting.sh says of programs, each of which does one thing that it has a
# sentence for: ./starting.py is all of them. And what ../../commands/hint.sh says of lines that
# programs write, and ../../crate/missing.sh of those that cargo does.
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
    }));
  case = does: settings: says: { inherit does says settings; };
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
    (case "calls" { } "calls port 5432 of 127.0.0.1, where nobody is")
  ];
  lines = {
    "DATABASE_URL must be set: NotPresent" = "environment = { DATABASE_URL = ";
    "environment variable not found" = "environment = { NAME = ";
    "No such file or directory (os error 2)" = "the setting files";
    "Read-only file system (os error 30)" = "the setting writable";
    "Address already in use (os error 98)" = "the setting port";
    "error: the following required arguments were not provided" = "the setting arguments";
    "Connection refused (os error 111)" = "standalone = false";
    "anything else" = "the settings arguments, environment";
  };
  cargoLines = {
    "rust-lld: error: unable to find library -lpq" = "libraries = pkgs: [ pkgs.libpq ]";
    "/bin/ld: cannot find -lsqlite3: No such file or directory" = "libraries = pkgs: [ pkgs.sqlite ]";
    "The system library `zlib` required by crate `libz-sys` was not found." =
      "libraries = pkgs: [ pkgs.zlib ]";
    "is `cmake` not installed?" = "tools = pkgs: [ pkgs.cmake ]";
    "Error configuring OpenSSL build: Command 'perl' not found. Is perl installed?" =
      "tools = pkgs: [ pkgs.perl ]";
    "sh: line 1: npm: command not found" = "tools = pkgs: [ pkgs.nodejs ]";
    "error: environment variable `BUILD_ID` not defined at compile time" = "[env] BUILD_ID = \"value\"";
    "error: couldn't read `src/../dist/index.html`: No such file or directory (os error 2)" =
      "src/../dist/index.html is compiled in";
    "error: failed to run custom build command for `web v0.1.0 (/build/source)` dns error" =
      "the build script of web fetches something";
    "error: failed to run custom build command for `web v0.1.0 (/build/source)` No such file or directory" =
      "the build script of web runs a program";
    "error[E0425]: cannot find value `x` in this scope" = "";
  };
  # Shell: what the script says of each line.
  hints =
    script: lines:
    builtins.concatStringsSep "" (
      lib.mapAttrsToList (line: says: ''
        echo ${lib.escapeShellArg line} > line
        bash ${script} > output
        expected=${lib.escapeShellArg says}
        if [ "''${expected:+said}" != "$([ ! -s output ] || echo said)" ] || ! grep -qF -- "$expected" output <(echo); then
          echo "starting: of" ${lib.escapeShellArg line} "this is said:" >&2
          cat output >&2
          touch failed
        fi
      '') lines
    );
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
      expected=${lib.escapeShellArg case.says}
      if [ "''${expected:+output}" != "$([ ! -s output ] || echo output)" ] || { [ -s output ] && ! grep -qF -- "$expected" output; }; then
        echo "starting: of a program that does '${case.does}', '$expected' was expected, and this is said:" >&2
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
    + hints "${../../commands/hint.sh} stranger line" lines
    + hints "${../../crate/missing.sh} line" cargoLines
    + ''
      [ ! -e failed ]
      touch "$out"
    ''
  )
