# What the commands say when a Docker engine cannot be had or used, where there is none; the
# container tests have the case that one answers.
{ engine, pkgs }:
let
  # An engine that speaks the API of this version, as Engine 20.10 does, to whatever is asked.
  old = pkgs.writeText "old-engine.py" ''
    import http.server, json, sys

    class Engine(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            version = self.path.split("/")[1]
            if version in ("v1.42", "v1.43", "v1.44"):
                body = json.dumps({"message": f"client version {version[1:]} is too new. Maximum supported API version is 1.41"}).encode()
                self.answer(400, body)
                return
            body = json.dumps({"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64"}).encode()
            self.answer(200, body)

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Api-Version", "1.41")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

    server = http.server.HTTPServer(("127.0.0.1", 0), Engine)
    print(server.server_port, flush=True)
    server.serve_forever()
  '';
in
pkgs.runCommand "engine"
  {
    nativeBuildInputs = [
      engine
      pkgs.python314
    ];
  }
  ''
    export HOME=$PWD
    refused() { # SENTENCE NAME=VALUE...: the last line has the sentence
      local code=0
      env "''${@:2}" drydock-engine > output 2>&1 || code=$?
      cat output
      [ "$code" = 1 ]
      tail -n 1 output | grep --fixed-strings -- "$1"
    }

    refused "no Docker engine answers; "
    refused "DOCKER_HOST (tcp://127.0.0.1:1) names cannot be used" DOCKER_HOST=tcp://127.0.0.1:1
    grep --fixed-strings "127.0.0.1:1" output
    refused "DOCKER_HOST (unix://$PWD/none) names cannot be used" "DOCKER_HOST=unix://$PWD/none"
    refused "names cannot be used" DOCKER_HOST=tcp://127.0.0.1:1 DOCKER_TLS_VERIFY=1
    grep --fixed-strings "ca.pem" output
    refused "the client's context names cannot be used" DOCKER_CONTEXT=none
    grep --fixed-strings 'context "none"' output

    coproc SERVER { exec python3 ${old}; }
    read -r port <&"''${SERVER[0]}"
    refused "Engine 25.0 is the oldest that will do" "DOCKER_HOST=tcp://127.0.0.1:$port"
    grep --fixed-strings 20.10.24 output
    # As clients do that speak nothing older.
    refused "Engine 25.0 (API 1.44) is the oldest that will do" "DOCKER_HOST=tcp://127.0.0.1:$port" DOCKER_API_VERSION=1.44
    grep --fixed-strings "speaks API 1.41" output
    kill "$SERVER_PID"
    touch "$out"
  ''
