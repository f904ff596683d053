"""What each engine is told of each container, in one form."""

import dataclasses

import yaml


@dataclasses.dataclass
class Container:
    """What an engine is told of one container."""

    engine: str
    name: str
    image: str
    user: int
    capabilities: set
    drops_all: bool
    no_new_privileges: bool
    # The name of its seccomp profile, where it has another one than the engine's own.
    seccomp: str
    read_only: bool
    memory: str
    pids: int
    core: str
    grace: int
    health: bool
    # Networks that lead out of the stack, or what it shares.
    out: set


def profile(path):
    return path.rsplit("/", 1)[-1].removesuffix(".json") if path else None


def seconds(text):
    return int(str(text).removesuffix("s"))


def of_compose(engine, text):
    stack = yaml.safe_load(text)
    open_networks = {name for name, network in stack["networks"].items() if not (network or {}).get("internal")}
    for name, service in stack["services"].items():
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        health = service.get("healthcheck", {})
        mode = service.get("network_mode", "")
        yield Container(
            engine=engine,
            name=name,
            image=service["image"],
            # Where it says nothing, it is the image's own, which has facts.
            user=int(str(service["user"]).split(":")[0]) if "user" in service else -1,
            capabilities=set(service.get("cap_add", [])),
            drops_all=service.get("cap_drop") == ["ALL"],
            no_new_privileges="no-new-privileges:true" in service.get("security_opt", []),
            seccomp=profile("".join(o for o in service.get("security_opt", []) if o.startswith("seccomp="))),
            read_only=service.get("read_only", False),
            memory=limits.get("memory") if engine == "swarm" else service.get("mem_limit"),
            pids=limits.get("pids") if engine == "swarm" else service.get("pids_limit"),
            core=str(service.get("ulimits", {}).get("core")),
            # Until then it goes on as before.
            grace=seconds(service.get("stop_grace_period", 10)) - int((service.get("environment") or {}).get("APP_DRAIN_DELAY_SECONDS") or 0),
            health=not health.get("disable") and ("test" in health or engine == "local"),
            out={mode} - {"", "none"} | (set(service.get("networks", [])) & open_networks),
        )


def of_kubernetes(text):
    objects = [one for one in yaml.safe_load_all(text) if one]
    policies = [one["spec"] for one in objects if one["kind"] == "NetworkPolicy"]
    for one in objects:
        if one["kind"] != "Deployment":
            continue
        pod = one["spec"]["template"]
        labels, spec = pod["metadata"]["labels"], pod["spec"]
        mine = [p for p in policies if p["podSelector"]["matchLabels"].items() <= labels.items()]
        denied = any(set(p["policyTypes"]) == {"Ingress", "Egress"} for p in mine)
        rules = [rule for p in mine for rule in p.get("egress", [])]
        # A rule without pods is for everywhere.
        anywhere = not denied or any(not any("podSelector" in to for to in rule.get("to", [])) for rule in rules)
        for container in spec["containers"] + spec.get("initContainers", []):
            security = container["securityContext"]
            yield Container(
                engine="kubernetes",
                name=container["name"],
                image=container["image"],
                user=security.get("runAsUser", 0),
                capabilities=set(security["capabilities"].get("add", [])),
                drops_all=security["capabilities"].get("drop") == ["ALL"],
                no_new_privileges=security.get("allowPrivilegeEscalation") is False,
                seccomp=profile(security.get("seccompProfile", {}).get("localhostProfile")),
                read_only=security.get("readOnlyRootFilesystem", False),
                memory=container["resources"].get("limits", {}).get("memory"),
                pids=None,
                core=None,
                grace=spec["terminationGracePeriodSeconds"]
                - container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0),
                health="readinessProbe" in container and "startupProbe" in container,
                out={"anywhere"} if anywhere else set(),
            )


def unit(text):
    """The lines of a unit: key to values, and what a container is run with besides."""
    lines = [line.split("=", 1) for line in text.splitlines() if "=" in line]
    keys = {}
    for key, value in lines:
        keys.setdefault(key, []).append(value)
    options = dict(value.strip("'").removeprefix("--").split("=", 1) for value in keys.get("PodmanArgs", []))
    limits = [value.split("=", 2)[1:] for value in keys.get("PodmanArgs", []) if value.startswith("--ulimit=")]
    return keys, options, dict(limits)


def of_quadlet(texts):
    prefix = next(file for file in texts if file.endswith("-tls.container")).removesuffix("tls.container")
    for file, text in texts.items():
        if not file.endswith(".container"):
            continue
        keys, options, limits = unit(text)
        networks = keys["Network"]
        internal = {n for n in networks if "Internal=true" in texts.get(n, "") or n == "none"}
        yield Container(
            engine="quadlet",
            name=keys["ContainerName"][0].removeprefix(prefix),
            image=keys["Image"][0],
            user=int(keys["User"][0]),
            capabilities={value.removeprefix("CAP_") for value in keys.get("AddCapability", [])},
            drops_all=keys.get("DropCapability") == ["all"],
            no_new_privileges=keys.get("NoNewPrivileges") == ["true"],
            seccomp=profile(keys.get("SeccompProfile", [None])[0]),
            read_only=keys.get("ReadOnly") == ["true"],
            memory=options.get("memory"),
            pids=int(options.get("pids-limit", 0)),
            core=limits.get("core"),
            grace=int(options.get("stop-timeout", 10)),
            health=options.get("health-cmd", "none").startswith('["/'),
            out={n for n in networks if n not in internal},
        )
