"""Has a real Prometheus look at the service and the edge: `monitoring.py APP PROMETHEUS RULES DASHBOARD KEYPAIR EDGE...`.

What is well raises nothing; a service that is killed, and one whose connections are all taken, an
edge without its service, one whose certificate is about to expire, one that is asked too much, and
one that is gone raise their alert, and the dashboard asks for what there is. The other rules are
driven by monitoring.yaml.
"""

import datetime
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request

APP, PROMETHEUS, RULES, DASHBOARD, KEYPAIR, *EDGE = sys.argv[1:]
# How long anything may take: a rule waits a minute itself.
LIMIT = 120
MOST = 10


def start(port, metrics):
    """A service on these ports."""
    variables = {
        "APP_BIND": f"127.0.0.1:{port}",
        "APP_METRICS_BIND": f"127.0.0.1:{metrics}",
        "APP_MAX_CONNECTIONS": str(MOST),
        # Who has connected, and says nothing, stays.
        "APP_HEADER_TIMEOUT_SECONDS": "300",
    }
    return subprocess.Popen([APP], env=variables, stdout=subprocess.DEVNULL)


def paired(source):
    """Hands the edge the pair of this folder; one that is good for long, where it has none."""
    owner = f"{os.getuid()}:{os.getgid()}"
    subprocess.run([KEYPAIR, "--from", source, "--to", "/tmp/pair", "--owner", owner], check=True, stdout=subprocess.DEVNULL)


def expiring():
    """A folder with a pair of whose ten days the last one has come."""
    now = datetime.datetime.now(datetime.UTC)
    begin, end = (f"{now + datetime.timedelta(days):%Y%m%d%H%M%SZ}" for days in (-9, 1))
    os.mkdir("own")
    subprocess.run(
        ["openssl", "req", "-config", "/dev/null", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-not_before", begin,
         "-not_after", end, "-keyout", "own/localhost.key", "-out", "own/localhost.crt"],
        check=True,
    )
    return "own"


def asked(client, times, path, address):
    """The statuses of so many answers of the edge, which takes us for a proxy of that address's."""
    def one():
        client.request("GET", path, headers={"X-Forwarded-For": address})
        answer = client.getresponse()
        answer.read()
        return answer.status
    return {one() for _ in range(times)}


def eventually(what, look):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            if look():
                print(f"monitoring: {what} ... ok", flush=True)
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"monitoring: not within {LIMIT} s: {what}; there is {ask('alerts')}")


def ask(path):
    with urllib.request.urlopen(f"http://127.0.0.1:9090/api/v1/{path}", timeout=5) as answer:
        return json.load(answer)["data"]


def firing():
    """The alerts that fire, by their name and whose they are."""
    alerts = ask("alerts")["alerts"]
    return {(a["labels"]["alertname"], a["labels"].get("instance")) for a in alerts if a["state"] == "firing"}


def up():
    return [target["health"] for target in ask("targets?state=active")["activeTargets"]]


def unanswered():
    """What the dashboard asks for, and nobody has."""
    for panel in json.loads(pathlib.Path(DASHBOARD).read_text())["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "1m").replace("$job", "app")
            if not ask("query?" + urllib.parse.urlencode({"query": query}))["result"]:
                yield query


pathlib.Path("prometheus.json").write_text(json.dumps({
    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
    "rule_files": [RULES],
    "scrape_configs": [
        {"job_name": "app", "static_configs": [{"targets": ["127.0.0.1:9101", "127.0.0.1:9102"]}]},
        {"job_name": "edge", "static_configs": [{"targets": ["127.0.0.1:9465"]}]},
    ],
}))
os.mkdir("none")
os.mkdir("/tmp/pair")
paired("none")
killed, full = start(8001, 9101), start(8002, 9102)
edge = subprocess.Popen(EDGE, env={"DRYDOCK_METRICS_BIND": "127.0.0.1:9465", "DRYDOCK_TRUSTED_PROXIES": "127.0.0.0/8"}, stdout=subprocess.DEVNULL)
https = http.client.HTTPSConnection("127.0.0.1", 8443, timeout=5, context=ssl._create_unverified_context())
prometheus = subprocess.Popen([
    PROMETHEUS, "--config.file=prometheus.json", "--storage.tsdb.path=data",
    "--web.listen-address=127.0.0.1:9090", "--log.level=error",
])
try:
    eventually("all are looked at", lambda: up() == ["up", "up", "up"] and ask("query?query=nginx_up")["result"][0]["value"][1] == "1")
    if seen := firing():
        sys.exit(f"monitoring: what is well raises {seen}")
    # Something is counted, at two looks.
    if asked(https, 10, "/", "10.0.0.1") != {200}:
        sys.exit("monitoring: the edge does not answer")
    eventually("the dashboard asks for what there is", lambda: not list(unanswered()))
    clients = [socket.create_connection(("127.0.0.1", 8002)) for _ in range(MOST)]
    killed.kill()
    killed.wait()
    paired(expiring())
    edge.send_signal(signal.SIGHUP)
    # Some that the service has no answer to: the first of them begin a series, and are no rate.
    lost = 'query?query=http_server_request_duration_seconds_count{http_response_status_code="502"}'
    asked(https, 1, "/", "10.0.0.1")
    eventually("what the service has no answer to is counted", lambda: ask(lost)["result"])
    asked(https, 100, "/", "10.0.0.1")
    # More than a client may ask.
    asked(http.client.HTTPConnection("127.0.0.1", 8080, timeout=5), 1000, "/.well-known/acme-challenge/a", "192.0.2.7")
    lasting = {("ServiceUnanswered", None), ("RequestsFail", None), ("RequestsRefused", None)}
    wanted = lasting | {("ServiceDown", "127.0.0.1:9101"), ("ConnectionsFull", "127.0.0.1:9102"), ("CertificateExpires", "127.0.0.1:9465")}
    eventually("what is killed, full, asked too much, or expires raises its alert", lambda: firing() == wanted)
    for client in clients:
        client.close()
    killed = start(8001, 9101)
    paired("none")
    edge.send_signal(signal.SIGHUP)
    eventually("what is well again raises nothing any more, but for rates of five minutes", lambda: firing() <= lasting)
    edge.send_signal(signal.SIGQUIT)
    eventually("an edge that is gone raises its alert", lambda: firing() - lasting == {("EdgeDown", "127.0.0.1:9465")})
finally:
    for process in (killed, full, edge, prometheus):
        process.kill()
        process.wait()
