"""Certificates by ACME, from issuing to what fails, with a real authority: see renewal.nix."""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time

PAIR, WWW = pathlib.Path("/tmp/pair"), pathlib.Path("/tmp/www")
CHALLENGES = WWW / ".well-known/acme-challenge"
OWN = pathlib.Path("/tmp/authority")  # the pair of the authority's own server
HANDED_TO = f"{os.getuid()}:{os.getgid()}"
PATH = {"PATH": os.environ["PATH"]}
failures = []


def check(what, seen, holds):
    good = bool(holds(seen))
    print(f"renewal: {what} ... {'ok' if good else f'FAILED: {seen!r}'}", flush=True)
    if not good:
        failures.append(what)


def awaited(what, condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            check(what, f"not within {seconds} s", lambda _: False)
            return
        time.sleep(0.1)
    check(what, "seen", lambda _: True)


def keypair(folder):
    return ["keypair", "--from", "none", "--renewed", "state", "--to", str(folder), "--owner", HANDED_TO]


@contextlib.contextmanager
def running(name, command, end=signal.SIGTERM, **variables):
    """A process whose words are in the file NAME."""
    with open(name, "w") as log:
        process = subprocess.Popen(command, env={**PATH, **variables}, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(end)
        process.wait(30)


def pebble(port, **more):
    """An authority whose certificates last for seconds."""
    profiles = {name: {"description": name, "validityPeriod": seconds}
                for name, seconds in (("brief", 40), ("gone", 1), ("long", 90 * 86400))}
    settings = {"listenAddress": f"127.0.0.1:{port}", "managementListenAddress": f"127.0.0.1:{port + 1000}",
                "certificate": str(OWN / "tls.crt"), "privateKey": str(OWN / "tls.key"),
                "httpPort": 8080, "tlsPort": 8443, "keyAlgorithm": "ecdsa", "profiles": profiles,
                "retryAfter": {"authz": 1, "order": 1}, **more}
    pathlib.Path(f"pebble-{port}.json").write_text(json.dumps({"pebble": settings}))
    return running(f"pebble-{port}.log", ["pebble", "-config", f"pebble-{port}.json"],
                   PEBBLE_VA_NOSLEEP="1", PEBBLE_AUTHZREUSE="0")


def acme(*options, state="state", challenges=CHALLENGES, ca=OWN / "ca.crt", command=("true",)):
    return ["acme", "--state", state, "--challenges", str(challenges), "--ca", str(ca), *options, *command]


def wanted(port, profile="brief", names="localhost,127.0.0.1"):
    return {"DRYDOCK_ACME": "mailto:you@example.org", "DRYDOCK_ACME_NAMES": names,
            "DRYDOCK_ACME_DIRECTORY": f"https://localhost:{port}/dir", "DRYDOCK_ACME_PROFILE": profile}


def once(*options, port=14000, profile="brief", names="localhost", **more):
    """The exit code of one round, and its last line."""
    run = subprocess.run(acme("--once", *options, **more), env={**PATH, **wanted(port, profile, names)},
                         capture_output=True, text=True, timeout=60)
    return run.returncode, (run.stderr.splitlines() or [""])[-1]


def says(code, *words):
    return lambda seen: seen[0] == code and all(word in seen[1] for word in words)


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def root(port):
    """What the authority's certificates end in; its own server has another one."""
    with socket.create_connection(("127.0.0.1", port + 1000), 5) as plain:
        context = ssl.create_default_context(cafile=OWN / "ca.crt")
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(b"GET /roots/0 HTTP/1.0\r\nHost: localhost\r\n\r\n")
            text = b"".join(iter(lambda: connection.recv(4096), b""))
    return text.split(b"\r\n\r\n", 1)[1].decode()


class Load:
    """Handshakes, one after the other, each of which has to be good."""

    def __init__(self, roots):
        self.context = ssl.create_default_context(cadata=roots)
        self.seen, self.failed, self.ended = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.ended.is_set():
            try:
                with socket.create_connection(("127.0.0.1", 8443), 5) as plain:
                    with self.context.wrap_socket(plain, server_hostname="localhost") as connection:
                        connection.sendall(b"GET /.well-known/x HTTP/1.0\r\nHost: localhost\r\n\r\n")
                        if not connection.recv(4096).startswith(b"HTTP/1.1 "):
                            self.failed.append("no answer")
                        self.seen.append(hashlib.sha256(connection.getpeercert(True)).hexdigest())
            except OSError as error:
                self.failed.append(str(error))

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


class Refuses(http.server.BaseHTTPRequestHandler):
    """An authority that takes nobody in any more today."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, body, **headers):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), "Replay-Nonce": "x", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def do_GET(self):
        here = "https://localhost:14009/"
        self.answer(200, {name: here + name for name in ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange")})

    do_HEAD = do_GET

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        kind = "urn:ietf:params:acme:error:rateLimited"
        self.answer(429, {"type": kind, "detail": "too many\nregistrations"}, **{"Retry-After": "14400"})

    def log_message(self, *_):
        pass


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


def keys(folder):
    """What nobody may see: the pair's key, and the account's, in the forms that they have."""
    pem = (folder / "localhost.key").read_text()
    account = json.loads((folder / "account.json").read_text())["credentials"]["key_pkcs8"]
    return [*re.findall(r"^[A-Za-z0-9+/=]{40,}$", pem, re.M), account, base64.b64encode(account.encode()).decode()]


for folder in (PAIR, OWN, WWW, pathlib.Path("none")):
    folder.mkdir()
for folder in (PAIR, OWN):
    subprocess.run(keypair(folder), check=True, stdout=subprocess.DEVNULL)
state = pathlib.Path("state")

with running("nginx.log", sys.argv[1:], signal.SIGQUIT, DRYDOCK_ACME="on"), pebble(14000):
    awaited("the edge and the authority are there", lambda: all(map(listens, (8080, 8443, 14000, 15000))))
    load = Load((PAIR / "ca.crt").read_text() + root(14000))
    development = hashlib.sha256(ssl.PEM_cert_to_DER_cert((PAIR / "tls.crt").read_text().split("-----END")[0] + "-----END CERTIFICATE-----")).hexdigest()
    awaited("until then the development pair serves", lambda: development in load.seen)
    with running("acme.log", acme("--retry", "1", command=keypair(PAIR)), signal.SIGKILL, **wanted(14000)) as client:
        awaited("it is issued, and renewed twice, under load", lambda: len(set(load.seen)) >= 4, 300)
        secrets = keys(state)
        for what in ("cmdline", "environ"):
            secrets_seen = pathlib.Path(f"/proc/{client.pid}/{what}").read_bytes().decode()
            check(f"its {what} has no key", secrets_seen, lambda seen: not any(key in seen for key in secrets))
    load.end()
    check("handshakes that failed", load.failed, lambda seen: seen == [])
    print(f"renewal: {len(load.seen)} handshakes, {len(set(load.seen))} certificates")
    check("who may read what", modes(state), lambda seen: seen == {
        "state": 0o700, "account.json": 0o600, "localhost.crt": 0o600, "localhost.key": 0o600})
    check("the key that nginx reads", modes(PAIR), lambda seen: seen["tls.key"] == 0o400 and "ca.crt" not in seen)
    check("answers are taken away", [*CHALLENGES.iterdir()], lambda seen: seen == [])
    secrets += keys(state)
    for log in ("acme.log", "nginx.log", "pebble-14000.log"):
        check(f"{log} has no key", pathlib.Path(log).read_text(), lambda seen: not any(key in seen for key in secrets))

    # What fails says why, and changes nothing.
    there = (state / "localhost.crt").read_bytes()
    unserved = pathlib.Path("unserved")
    check("a wrong answer", once(profile="long", challenges=unserved),
          says(1, "localhost:", "(unauthorized)", "the certificate that is there stays", "the next try is in 2 minutes"))
    check("no directory", once(port=1), says(1, "https://localhost:1/dir: ", "refused", "stays"))
    check("an authority that nobody knows", once(ca="/dev/null"), says(1, "UnknownIssuer", "stays"))
    check("a profile that there is not", once(profile="other", state="other"), says(1, "(invalidProfile)", "no certificate of the authority yet"))
    check("one certificate after the other", once(profile="gone", state="gone"), says(1, "is to be renewed at once"))
    check("a command that fails", once(profile="long", state="failed", command=("false",)), says(1, "false: exit status: 1"))
    check("the pair, after all that", (state / "localhost.crt").read_bytes(), lambda seen: seen == there)
    check("nothing to do any more", [once(profile="long", state="long") for _ in range(2)], lambda seen: [code for code, _ in seen] == [0, 0])
    before = (pathlib.Path("long") / "localhost.crt").read_bytes()
    check("another name", once(profile="long", state="long", names="localhost,127.0.0.1"), lambda seen: seen[0] == 0)
    check("is another certificate", (pathlib.Path("long") / "localhost.crt").read_bytes(), lambda seen: seen != before)

    limited = http.server.ThreadingHTTPServer(("127.0.0.1", 14009), Refuses)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(OWN / "tls.crt", OWN / "tls.key")
    limited.socket = context.wrap_socket(limited.socket, server_side=True)
    threading.Thread(target=limited.serve_forever, daemon=True).start()
    check("a rate limit", once(port=14009, state="limited"), says(1, r"too many\nregistrations (rateLimited)", "the next try is in 4 hours"))

    key = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    with pebble(14002, externalAccountBindingRequired=True, externalAccountMACKeys={"mine": key}):
        awaited("the authority of members is there", lambda: listens(14002))
        check("who is no member", once(port=14002, profile="long", state="bound"), says(1, "(externalAccountRequired)"))
        pathlib.Path("binding").write_text(f"mine {key}\n")
        check("who is", once("--binding", "binding", port=14002, profile="long", state="bound"), lambda seen: seen[0] == 0)

if failures:
    for log in ("acme.log", "nginx.log"):
        lines = [line for line in pathlib.Path(log).open() if not line.startswith("{")]
        print("".join(f"{log}: {line}" for line in lines[-50:]))
    sys.exit(f"renewal: {len(failures)} failed")
