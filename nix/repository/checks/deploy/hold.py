"""Holds each rendering of a stack to what always holds: `hold.py BROKEN CASE...`.

CASE is a folder: `description.json` is what nix/deploy states, and beside it is what each engine is
told of that: `local.yaml` and `compose.yaml`, `swarm.yaml` if Swarm can run it, `kubernetes.yaml` as
kustomize gives it, `profiled.yaml` with the seccomp profiles besides, and `quadlet/`. Whatever does
not hold is a line on stdout, and the exit code is 1 then. The first case is then broken in each way that BROKEN lists, and each has to be found out.
"""

import json
import pathlib
import re
import shutil
import sys
import tempfile

import kubernetes_validate
import yaml
from read import of_compose, of_kubernetes, of_quadlet

VERSIONS = ["1.34", "1.35", "1.36", "1.37"]
# What an engine's words have no place for, and who sees to it instead.
UNSAID = {
    ("swarm", "no_new_privileges"): "docker stack passes no security_opt on: daemon.json has it",
    ("swarm", "seccomp"): "likewise, and daemon.json has one profile for all containers of an engine",
    ("kubernetes", "seccomp"): "a node without the file would start nothing: the component says it",
    ("kubernetes", "pids"): "the kubelet's podPidsLimit",
    ("kubernetes", "core"): "the node's",
}
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def held(container, stated):
    """What does not hold of a container, as sentences."""
    keeper = container.name == "tls"
    said = lambda what: (container.engine, what) not in UNSAID
    # The keeper of the pair hands it over where the engine cannot, and so does who renews it.
    root = container.name in ("tls", "acme") and container.engine in ("local", "compose", "quadlet")
    if container.user == 0 and not root:
        yield "it runs as root"
    if container.user not in (-1, stated["user"]) and not (keeper and not root):
        yield f"its user is {container.user}, and {stated['user']} is stated"
    if container.capabilities != (set(stated["capabilities"]) if root else set()):
        yield f"it has the capabilities {sorted(container.capabilities)}"
    if not container.drops_all:
        yield "it drops not all capabilities"
    if said("no_new_privileges") and not container.no_new_privileges:
        yield "it may get more privileges"
    if said("seccomp") and container.seccomp != stated["seccomp"]:
        yield f"its seccomp profile is {container.seccomp}, and {stated['seccomp']} is stated"
    if not container.read_only:
        yield "its root can be written"
    if not container.memory:
        yield "its memory has no limit"
    if said("pids") and not (container.pids and container.pids == stated["pids"]):
        yield "its processes have no limit, or another one than is stated"
    if said("core") and container.core != "0":
        yield "it may leave a core dump"
    if container.grace <= stated["drain"]:
        yield f"it is killed after {container.grace} s, and what it has in hand may take {stated['drain']} s"
    if stated["health"] and not container.health:
        yield "nobody looks at its health"
    if container.engine != "local" and not DIGEST.search(container.image):
        yield f"its image is {container.image}, which may come to mean another one"
    # The edge is where clients come to; what shares its network shares its way out.
    shares = stated["joins"] is not None or stated["listens"] is None
    if container.out and not (container.name in ("nginx", "network") or keeper and container.engine == "kubernetes" or stated["egress"] or shares):
        yield f"there is a way out: {', '.join(sorted(container.out))}"


SAFE_SYSCTLS = {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"}
SAFE_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def restricted(text):
    """The Pod Security Standard `restricted`, and what nobody needs beyond it."""
    for one in (one for one in yaml.safe_load_all(text) if one):
        where = f"{one['kind']} {one['metadata']['name']}"
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except Exception as wrong:
                yield f"{where}: Kubernetes {version}: {getattr(wrong, 'message', wrong)}"
        if one["kind"] == "ServiceAccount" and one.get("automountServiceAccountToken") is not False:
            yield f"{where}: it has a token"
        if one["kind"] != "Deployment":
            continue
        spec = one["spec"]["template"]["spec"]
        security = spec["securityContext"]
        rules = {
            "it shares a namespace of the node": not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")),
            "it may run as root": security.get("runAsNonRoot") is True,
            "it has no seccomp profile": security.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "it sets a sysctl that is not safe": {s["name"] for s in security.get("sysctls", [])} <= SAFE_SYSCTLS,
            "it has a volume that is not allowed": all(v.keys() - {"name"} <= SAFE_VOLUMES for v in spec["volumes"]),
            "it has a token": spec.get("automountServiceAccountToken") is False,
            "it gets variables of other services": spec.get("enableServiceLinks") is False,
            "what it has in memory has no bound": all("sizeLimit" in v["emptyDir"] for v in spec["volumes"] if "emptyDir" in v),
        }
        yield from (f"{where}: {sentence}" for sentence, holds in rules.items() if not holds)


PROMETHEUS = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}


def apart(texts, port):
    """What is wrong with the port of metrics: nobody publishes it, and Prometheus alone is let to it."""
    has = lambda what: str(port) in re.findall(r"\d+", json.dumps(what))
    for file in ("local.yaml", "compose.yaml", "swarm.yaml"):
        stack = yaml.safe_load(texts[file])["services"].items()
        yield from (f"{file}: {name} publishes {port}" for name, service in stack if has(service.get("ports")))
        if not any(has(service.get("environment")) for _, service in stack):
            yield f"{file}: nobody is told to listen at {port}"
    for file, text in texts["quadlet"].items():
        if any(has(line) for line in text.splitlines() if line.startswith("PublishPort=")):
            yield f"{file}: it publishes {port}"
    let = []
    for one in (one for one in yaml.safe_load_all(texts["kubernetes.yaml"]) if one):
        if one["kind"] == "Service" and has(one["spec"]["ports"]):
            yield f"kubernetes: the Service {one['metadata']['name']} has {port}"
        if one["kind"] == "NetworkPolicy":
            let += [rule.get("from") for rule in one["spec"].get("ingress", []) if has(rule.get("ports"))]
    if let != [[PROMETHEUS]]:
        yield f"kubernetes: {port} is open to {let}"


def read(case):
    texts = {file.name: file.read_text() for file in sorted(case.iterdir()) if file.suffix == ".yaml"}
    return texts | {"quadlet": {file.name: file.read_text() for file in sorted((case / "quadlet").iterdir()) if file.is_file()}}


def wrong(case):
    """All that does not hold of a case, as lines."""
    description = json.loads((case / "description.json").read_text())
    stated = description["containers"] | {"acme": description["acme"]}
    texts = read(case)
    containers = [*of_kubernetes(texts["kubernetes.yaml"]), *of_quadlet(texts["quadlet"])]
    for engine in ("local", "compose", "swarm"):
        containers += of_compose(engine, texts[f"{engine}.yaml"]) if f"{engine}.yaml" in texts else []
    for container in (one for one in containers if one.name in stated):
        what = {"joins": None, "listens": 0, "egress": False} | stated[container.name]
        yield from (f"{container.engine}: {container.name}: {sentence}" for sentence in held(container, what))
    for container in of_kubernetes(texts["profiled.yaml"]):
        if container.seccomp != stated[container.name]["seccomp"]:
            yield f"profiled: {container.name}: its seccomp profile is {container.seccomp}"
    # A profile is where it is looked for, and allows nothing by itself; systemd is told the same.
    for name in {one["seccomp"] for one in stated.values()} - {None}:
        profile = json.loads(description["profiles"][name])
        if profile["defaultAction"] != "SCMP_ACT_KILL_PROCESS":
            yield f"the seccomp profile {name} lets pass what it does not name"
        filters = case / "quadlet" / "seccomp" / f"{name}.conf"
        calls = re.search("^SystemCallFilter=(.*)$", filters.read_text(), re.MULTILINE) if filters.exists() else None
        if name not in ("acme", "nginx", "tls") and (not calls or set(calls[1].split()) != {call for rule in profile["syscalls"] for call in rule["names"]}):
            yield f"systemd is told other calls of {name} than its seccomp profile has"
        for folder in ("seccomp", "quadlet/seccomp"):
            if name != "acme" and not (case / folder / f"{name}.json").is_file():
                yield f"{folder}/{name}.json is not there"
    # Each has each, but for what an engine does by itself.
    for engine, without in {"local": set(), "compose": {"acme"}, "swarm": {"acme", "tls"}, "kubernetes": {"acme", "network"}, "quadlet": {"acme"}}.items():
        there = {container.name for container in containers if container.engine == engine}
        if there and there != stated.keys() - without:
            yield f"{engine}: it has {sorted(there)} of {sorted(stated)}"
    for one in stated.values():
        yield from apart(texts, one["metrics"]) if one["metrics"] else ()
    yield from (f"kubernetes: {sentence}" for sentence in restricted(texts["kubernetes.yaml"]))


def unfound(case, broken):
    """What nobody finds out of what is broken on purpose."""
    for file, pattern, instead, sentence in broken:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "case"
            shutil.copytree(case, copy)
            target = copy / file
            target.chmod(0o600)
            text, count = re.subn(pattern, instead, target.read_text(), count=1, flags=re.MULTILINE | re.DOTALL)
            target.write_text(text)
            found = list(wrong(copy)) if count else []
            if not any(sentence in line for line in found):
                yield f"{file}: {pattern!r} as {instead!r}: nobody says '{sentence}', but {found}"


cases = [pathlib.Path(argument) for argument in sys.argv[2:]]
lines = [f"{case.name}: {line}" for case in cases for line in wrong(case)]
lines += unfound(cases[0], json.loads(pathlib.Path(sys.argv[1]).read_text())) if not lines else []
print(*lines, sep="\n", end="\n" if lines else "")
sys.exit(bool(lines))
