"""Whom the edge takes for the client, and what it tells of itself, by what it was started with: see launched.nix."""

import http.server
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

CA = "/tmp/pair/ca.crt"
HTTPS, HTTP = "https://localhost:8443/", "http://localhost:8080/"


class Service(http.server.BaseHTTPRequestHandler):
    """Says who the client is, at /trace which trace the request belongs to, and at /gone nothing."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        client = ("X-Forwarded-For", "X-Real-IP", "X-Forwarded-Proto")
        trace = ("X-Request-Id", "traceparent", "tracestate")
        text = " ".join(self.headers[name] or "none" for name in (trace if self.path == "/trace" else client))
        if self.path == "/gone":
            self.close_connection = True
            return
        self.send_response(404 if self.path == "/nothing" else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


service = http.server.ThreadingHTTPServer(("127.0.0.1", 9000), Service)
threading.Thread(target=service.serve_forever, daemon=True).start()


class Edge:
    """One that runs with these variables."""

    def __init__(self, log, **variables):
        self.log, self.variables = log, variables

    def __enter__(self):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(sys.argv[1:], env=self.variables, stdout=log)
        # The health check's own port is open when the others are.
        subprocess.run(
            ["curl", "--silent", "--fail", "--retry", "50", "--retry-delay", "1", "--retry-connrefused",
             "--max-time", "20", "http://127.0.0.1:8081/livez"],
            check=True, stdout=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGQUIT)
        if (code := self.process.wait(30)) != 0:
            failures.append(f"an end with {code}")


def asked(url, *options):
    """What the service heard, or why it heard nothing."""
    output = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "10", "--cacert", CA, *options, url],
        capture_output=True, text=True,
    )
    return output.stdout or output.stderr


failures = []


def check(what, seen, wanted):
    holds = seen == wanted if isinstance(wanted, str) else wanted(seen)
    print(f"launched: {what} ... {'ok' if holds else f'FAILED: {seen!r}'}", flush=True)
    if not holds:
        failures.append(what)


METRICS = ("127.0.0.1", 9465)


def told():
    """What Prometheus is told, by series, but for buckets."""
    with urllib.request.urlopen("http://%s:%d/metrics" % METRICS, timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    series = (line.rsplit(" ", 1) for line in lines if not line.startswith("#") and "_bucket{" not in line)
    return {name: float(value) for name, value in series}


def tells(what, **wanted):
    """Sees that it is told so, at the latest a moment after it was."""
    end = time.monotonic() + 15
    while (seen := {name: told().get(name) for name in wanted}) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    check(f"metrics: {what}", seen, lambda seen: seen == wanted)


def beside(edge):
    """The processes beside nginx that no worker is."""
    of = f"/proc/{edge.process.pid}/task/{edge.process.pid}/children"
    pids = map(int, pathlib.Path(of).read_text().split())
    return [pid for pid in pids if b"worker process" not in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]


def forwarded(text):
    return ["--header", f"X-Forwarded-For: {text}"]


def is_client(address):
    return f"{address} {address} https"


TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def traced(*options, parent=f"00-{TRACE}-{PARENT}-01", twice=False):
    """What the service heard of the trace of a request that says this."""
    said = ["--header", f"traceparent: {parent}", "--header", "tracestate: a=1"]
    return asked(HTTPS + "trace", *options, *said, *(said[:2] if twice else []))


def goes_on(flags="01"):
    return lambda seen: bool(re.fullmatch(rf"([0-9a-f]{{16}})[0-9a-f]{{16}} 00-{TRACE}-\1-{flags} a=1", seen))


def begins(seen):
    return bool(re.fullmatch(r"(([0-9a-f]{16})[0-9a-f]{16}) 00-\1-\2-01 none", seen))


VERSIONS = {"1.1": "--http1.1", "2": "--http2", "3": "--http3-only"}
LIST = "6.6.6.6, 192.0.2.7"

with Edge("log") as edge:
    for version, option in VERSIONS.items():
        for family, own in (("-4", "127.0.0.1"), ("-6", "::1")):
            check(f"HTTP/{version} by {family}", asked(HTTPS, option, family, *forwarded(LIST)), is_client(own))
    check("plain HTTP by -6", asked(HTTP, "-6", "--write-out", "%{http_code}", "--output", "/dev/null"), "301")
    for version, option in VERSIONS.items():
        check(f"HTTP/{version}, a trace of anybody's", traced(option, "-4", *forwarded(LIST)), begins)
    check("nobody is beside nginx", f"{beside(edge)} {socket.socket().connect_ex(METRICS)}", "[] 111")
    check("the PROXY protocol, which is not on", asked(HTTPS, "--haproxy-protocol"), lambda seen: seen.startswith("curl:"))

with Edge("log", DRYDOCK_TRUSTED_PROXIES="127.0.0.0/8, fd00::/8") as edge:
    for version, option in VERSIONS.items():
        check(f"HTTP/{version} by a proxy", asked(HTTPS, option, "-4", *forwarded(LIST)), is_client("192.0.2.7"))
    check("by two proxies", asked(HTTPS, "-4", *forwarded("192.0.2.7, fd00::1")), is_client("192.0.2.7"))
    check("by a proxy, of IPv6", asked(HTTPS, "-4", *forwarded("2001:db8::7")), is_client("2001:db8::7"))
    check("by a proxy that says nothing", asked(HTTPS, "-4"), is_client("127.0.0.1"))
    check("by a proxy that says nonsense", asked(HTTPS, "-4", *forwarded("you")), is_client("127.0.0.1"))
    check("by another header", asked(HTTPS, "-4", "--header", "X-Real-IP: 6.6.6.6"), is_client("127.0.0.1"))
    check("by none of them", asked(HTTPS, "-6", *forwarded(LIST)), is_client("::1"))
    for version, option in VERSIONS.items():
        check(f"HTTP/{version}, a trace of a proxy's", traced(option, "-4", *forwarded(LIST)), goes_on())
    proxy = ["-4", *forwarded(LIST)]
    for parent, flags in (
        (f"00-{TRACE}-{PARENT}-00", "00"), (f"00-{TRACE}-{PARENT}-02", "00"), (f"00-{TRACE}-{PARENT}-ff", "01"),
        (f"cc-{TRACE}-{PARENT}-01-more", "01"), (f"cc-{TRACE}-{PARENT}-0a", "00"),
    ):
        check(f"the trace {parent}", traced(*proxy, parent=parent), goes_on(flags))
    for parent in (
        "", "nonsense", f"00-{TRACE}-{PARENT}", f"00-{TRACE}-{PARENT}-1", f"00-{TRACE}-{PARENT}-01-more",
        f"ff-{TRACE}-{PARENT}-01", f"cc-{TRACE}-{PARENT}-01.more", f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{TRACE}-{PARENT}-0x",
    ):
        check(f"the trace {parent!r}, which is none", traced(*proxy, parent=parent), begins)
    check("two of them", traced(*proxy, twice=True), begins)
    check("a trace of a proxy that says no client", traced("-4"), begins)
    check("a trace of none of them", traced("-6", *forwarded(LIST)), begins)
with open("log") as log:
    text = log.read()
    check("the log has the trace", text, lambda seen: f'"trace_id":"{TRACE}"' in seen)
    check("the log has the client", text, lambda seen: '"client":"192.0.2.7"' in seen and '"client":"6.6.6.6"' not in seen)

proxied = ["--haproxy-protocol", "--haproxy-clientip"]
with Edge("log", DRYDOCK_TRUSTED_PROXIES="127.0.0.1", DRYDOCK_PROXY_PROTOCOL="on") as edge:
    for version in ("1.1", "2"):
        for address in ("192.0.2.9", "2001:db8::9"):
            seen = asked(HTTPS, VERSIONS[version], "-4", *proxied, address, *forwarded(LIST))
            check(f"HTTP/{version} by the PROXY protocol", seen, is_client(address))
    check("plain HTTP by the PROXY protocol", asked(HTTP, "-4", *proxied, "192.0.2.9", "--write-out", "%{http_code}", "--output", "/dev/null"), "301")
    check("by none of them, who says so", asked(HTTPS, "-6", *proxied, "192.0.2.9"), is_client("::1"))
    check("a trace through the PROXY protocol", traced("-4", *proxied, "192.0.2.9"), begins)
    check("without the PROXY protocol", asked(HTTPS, "-4"), lambda seen: seen.startswith("curl:"))
    check("HTTP/3, which has none", asked(HTTPS, "--http3-only", "--max-time", "3"), lambda seen: seen.startswith("curl:"))
    check("no word of HTTP/3", asked(HTTPS, "-4", *proxied, "192.0.2.9", "--include"), lambda seen: "200" in seen and "alt-svc" not in seen.lower())

# One that was killed has left it there.
pathlib.Path("/tmp/status.sock").touch()
with Edge("log", DRYDOCK_METRICS_BIND="%s:%d" % METRICS, DRYDOCK_TRUSTED_PROXIES="127.0.0.0/8") as edge:
    tells("nothing yet", nginx_up=1, edge_reloads_total=0, edge_errors_total=0)
    for url in (HTTPS + "gone", HTTPS + "nothing", HTTPS, HTTP):
        asked(url)
    # More than the rate of a client allows.
    codes = asked(HTTP + ".well-known/acme-challenge/[1-600]", "-4", "--write-out", "%{http_code} ", "--output", "/dev/null", *forwarded("192.0.2.7")).split()
    refusals = codes.count("429")
    check("a client that is refused", str(refusals), lambda seen: 0 < int(seen) < 400)
    status = lambda kind, label: f"http_{kind}_request_duration_seconds_count{{{label}}}"
    server, client = {200: 1, 301: 1, 404: 601 - refusals, 429: refusals, 502: 1}, {200: 1, 404: 1, 502: None}
    tells("each request", edge_errors_total=1, **{
        **{status("server", f'http_response_status_code="{code}"'): count for code, count in server.items()},
        **{status("client", f'http_response_status_code="{code}"'): count for code, count in client.items()},
        status("client", 'error_type="502"'): 1,
        'edge_refusals_total{limit="limit_req"}': refusals,
        'edge_refusals_total{limit="limit_conn"}': 0,
    })

    hostile = [socket.create_connection(METRICS) for _ in range(200)]
    for client in hostile[50:150]:
        client.send(b"GET /met")
    large = socket.create_connection(METRICS)
    try:
        large.sendall(b"GET /metrics HTTP/1.1\r\nA: " + b"a" * (1 << 20))
    except OSError:
        pass
    tells("beside 200 who ask nothing", nginx_up=1)
    for client in hostile:
        client.settimeout(15)
    check("who asks nothing is not kept", str({client.recv(1000)[:12] for client in hostile[150:]}), "{b''}")

    edge.process.send_signal(signal.SIGHUP)
    tells("a reload", edge_reloads_total=1)

    # One of them counts, and when it is gone, so is the other one with its next line.
    os.kill(beside(edge)[0], signal.SIGKILL)
    codes = asked(HTTP + "[1-9999]", "--write-out", "%{http_code} ", "--output", "/dev/null", *forwarded("10.0.0.1")).split()
    check("nginx goes on when nobody counts", str(set(codes)), "{'301'}")
    edge.process.send_signal(signal.SIGHUP)
    check("a reload when nobody counts", asked(HTTP, "--write-out", "%{http_code}", "--output", "/dev/null"), "301")

taken = subprocess.run(sys.argv[1:], env={"DRYDOCK_METRICS_BIND": "127.0.0.1:9000"}, capture_output=True, text=True)
check("metrics where somebody is", f"{taken.returncode} {taken.stderr}", "71 launch: DRYDOCK_METRICS_BIND=127.0.0.1:9000: cannot listen there: Address already in use\n")
refused = subprocess.run(
    sys.argv[1:], env={**os.environ, "DRYDOCK_PROXY_PROTOCOL": "on"}, capture_output=True, text=True
)
check("the PROXY protocol of nobody", f"{refused.returncode} {refused.stderr}", lambda seen: seen.startswith("78 launch: DRYDOCK_PROXY_PROTOCOL is on"))

sys.exit(f"launched: failed: {', '.join(failures)}" if failures else 0)
