# What ../../commands/hint.sh says of lines that programs write, and ../../crate/missing.sh of those
# that cargo does.
{ lib, pkgs }:
let
  lines = {
    "DATABASE_URL must be set: NotPresent" = "environment = { DATABASE_URL = ";
    "environment variable not found" = "environment = { NAME = ";
    "thread 'main' panicked at src/main.rs:5:34: NotPresent" = "src/main.rs:5:34 says which";
    "PORT must be set" = "environment = { PORT = ";
    "Missing environment variable: HOST" = "environment = { HOST = ";
    "Error: missing value for field database_url" = "environment = { DATABASE_URL = ";
    "missing field `database`" = "asks for the value database of its configuration";
    ".env: path not found" = "files = [ \".env\" ], and a file that the setting facts names";
    "No CA certificates were loaded from the system" = "egress = true";
    "invalid peer certificate: UnknownIssuer" = "egress = true";
    "No such file or directory (os error 2)" = "the setting files";
    "No space left on device (os error 28)" = "TMPDIR";
    "Read-only file system (os error 30)" = "the setting writable";
    "Address already in use (os error 98)" = "the setting port";
    "error: the following required arguments were not provided" = "the setting arguments";
    "Connection refused (os error 111)" = "standalone = false";
    "anything else" = "the settings arguments, environment, egress";
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
    "error: failed to run custom build command for `web v0.1.0 (/build/source)` start download from https://example.org No such file or directory" =
      "the build script of web fetches something";
    "error: failed to run custom build command for `web v0.1.0 (/build/source)` No such file or directory" =
      "the build script of web runs a program";
    "error: failed to run custom build command for `web v0.1.0 (/build/source)` panicked at build.rs:7:9: No such file or directory" =
      "that is not there, at build.rs:7";
    "error: failed to run custom build command for `web v0.1.0 (/build/source)` fatal: not a git repository" =
      "the build script of web asks git";
    "error[E0425]: cannot find value `x` in this scope" = "";
    "error: could not compile `time` (lib) due to 1 previous error" = "cargo update -p time";
    "error: linking with `cc` failed: exit status: 1\nerror: could not compile `time` (build script) due to 1 previous error" =
      "";
    "error: could not compile `web` (bin \"web\") due to 1 previous error" = "";
    "  time@0.3.47 requires rustc 1.99.0" = "cargo update -p time --precise";
    "error[E0554]: `#![feature]` may not be used on the stable release channel" = "a nightly Rust";
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
          echo "hints: of" ${lib.escapeShellArg line} "this is said:" >&2
          cat output >&2
          touch failed
        fi
      '') lines
    );
in
pkgs.runCommand "hints" { } (
  hints "${../../commands/hint.sh} stranger line" lines
  + hints "${../../crate/missing.sh} line web" cargoLines
  + ''
    [ ! -e failed ]
    touch "$out"
  ''
)
