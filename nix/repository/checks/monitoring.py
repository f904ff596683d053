"""Has a real Prometheus look at the service: `monitoring.py APP PROMETHEUS RULES DASHBOARD`.

What is well raises nothing; one that is killed, and one whose connections are all taken, raise
their alert, and the dashboard asks for what there is. The other rules are driven by monitoring.yaml.
"""

import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

APP, PROMETHEUS, RULES, DASHBOARD = sys.argv[1:]
# How long anything may take: a rule waits 15 s itself.
LIMIT = 60
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
    "scrape_configs": [{"job_name": "app", "static_configs": [{"targets": ["127.0.0.1:9101", "127.0.0.1:9102"]}]}],
}))
killed, full = start(8001, 9101), start(8002, 9102)
prometheus = subprocess.Popen([
    PROMETHEUS, "--config.file=prometheus.json", "--storage.tsdb.path=data",
    "--web.listen-address=127.0.0.1:9090", "--log.level=error",
])
try:
    eventually("both are looked at", lambda: up() == ["up", "up"])
    if seen := firing():
        sys.exit(f"monitoring: what is well raises {seen}")
    # Something is counted, at two looks.
    urllib.request.urlopen("http://127.0.0.1:8001/", timeout=5).close()
    eventually("the dashboard asks for what there is", lambda: not list(unanswered()))
    clients = [socket.create_connection(("127.0.0.1", 8002)) for _ in range(MOST)]
    killed.kill()
    wanted = {("ServiceDown", "127.0.0.1:9101"), ("ConnectionsFull", "127.0.0.1:9102")}
    eventually("one that is killed and one that is full raise their alert", lambda: firing() == wanted)
    for client in clients:
        client.close()
    killed = start(8001, 9101)
    eventually("nothing is raised any more", lambda: firing() == set())
finally:
    for process in (killed, full, prometheus):
        process.kill()
        process.wait()
