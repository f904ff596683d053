//! Section 5, container runtime, of the CIS Docker Benchmark 1.6.0, item by item:
//! `cis-docker.json` says of each whether it is held and by which fact, or why it is not.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::stack::{Stack, docker};

/// How many items the section has.
const ITEMS: usize = 32;

#[derive(Deserialize)]
struct Item {
    id: String,
    title: String,
    #[serde(flatten)]
    state: State,
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum State {
    /// The fact of this name holds for each container.
    Held { fact: String },
    /// It is about something else than these containers.
    NotApplicable { reason: String },
    /// It is left out on purpose.
    NotHeld { reason: String },
}

/// A container of the stack: its service, and what `docker inspect` says of it.
struct Container {
    service: &'static str,
    inspected: Value,
}

/// Gives what was found where a fact does not hold.
type Fact = fn(&Container) -> Result<(), String>;

const FACTS: [(&str, Fact); 25] = [
    ("apparmor", |c| {
        let profile = &c.inspected["AppArmorProfile"];
        holds(*profile != "unconfined", profile)
    }),
    ("selinux", |c| c.has_no_security_option("label")),
    ("seccomp", |c| {
        let options = &c.inspected["HostConfig"]["SecurityOpt"];
        let off = |option: &Value| {
            option
                .as_str()
                .is_none_or(|text| text.ends_with("unconfined"))
        };
        holds(!list(options).iter().any(off), options)
    }),
    ("no_new_privileges", |c| {
        let options = &c.inspected["HostConfig"]["SecurityOpt"];
        let wanted = json!("no-new-privileges:true");
        holds(list(options).contains(&wanted), options)
    }),
    ("capabilities", Container::has_least_capabilities),
    ("not_privileged", |c| c.is("Privileged", &json!(false))),
    ("read_only_root", |c| c.is("ReadonlyRootfs", &json!(true))),
    ("own_processes", |c| c.is("PidMode", &json!(""))),
    ("own_ipc", |c| c.is("IpcMode", &json!("private"))),
    ("own_host_name", |c| c.is("UTSMode", &json!(""))),
    ("own_users", |c| c.is("UsernsMode", &json!(""))),
    ("default_cgroup", |c| c.is("CgroupParent", &json!(""))),
    ("own_network", |c| {
        let mode = &c.inspected["HostConfig"]["NetworkMode"];
        let shared = mode == "host" || mode.as_str().is_none_or(|m| m.starts_with("container:"));
        holds(!shared, mode)
    }),
    ("no_default_bridge", |c| {
        let networks = &c.inspected["NetworkSettings"]["Networks"];
        holds(networks.get("bridge").is_none(), networks)
    }),
    ("ports", Container::publishes_only_the_edge),
    ("memory", |c| c.is_limited("Memory")),
    ("pids", |c| c.is_limited("PidsLimit")),
    ("no_core_dumps", |c| {
        let limits = &c.inspected["HostConfig"]["Ulimits"];
        let none = json!({"Name": "core", "Hard": 0, "Soft": 0});
        holds(list(limits).contains(&none), limits)
    }),
    ("no_devices", |c| {
        let host = &c.inspected["HostConfig"];
        ["Devices", "DeviceRequests", "DeviceCgroupRules"]
            .iter()
            .try_for_each(|key| holds(list(&host[key]).is_empty(), &host[key]))
    }),
    ("no_folder_of_the_system", |c| {
        const SYSTEM: [&str; 8] = [
            "/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr",
        ];
        c.mounts(|mount| !SYSTEM.iter().any(|folder| mount["Source"] == *folder))
    }),
    ("no_engine_socket", |c| {
        c.mounts(|mount| {
            let source = mount["Source"].as_str();
            source.is_some_and(|source| !source.ends_with("docker.sock"))
        })
    }),
    ("mounts_stay_inside", |c| {
        c.mounts(|mount| {
            let propagation = mount["Propagation"].as_str();
            propagation.is_some_and(|value| !value.contains("shared"))
        })
    }),
    ("health", |c| {
        // The keeper of the pair has ended.
        let health = &c.inspected["State"]["Health"]["Status"];
        holds(c.service == "tls" || health == "healthy", health)
    }),
    ("latest_image", |c| {
        let name = c.inspected["Config"]["Image"].as_str().unwrap_or_default();
        let latest = docker(&["image", "inspect", "--format", "{{.Id}}", name]);
        holds(c.inspected["Image"] == *latest, &c.inspected["Image"])
    }),
    ("own_program", |c| {
        // The facts of the images say that there is no other to start.
        let program = match c.service {
            "tls" => "keypair",
            // It becomes nginx.
            "nginx" => "launch",
            service => service,
        };
        let path = &c.inspected["Path"];
        let name = path.as_str().and_then(|path| path.rsplit('/').next());
        holds(name == Some(program), path)
    }),
];

pub fn each_item_is_held_or_says_why_not() {
    let list: Vec<Item> =
        serde_json::from_str(include_str!("cis-docker.json")).expect("the list of items");
    let ids: Vec<String> = (1..=ITEMS).map(|number| format!("5.{number}")).collect();
    let listed: Vec<&String> = list.iter().map(|item| &item.id).collect();
    assert_eq!(listed, ids.iter().collect::<Vec<_>>());

    let stack = Stack::shared();
    let containers = ["app", "nginx", "tls"].map(|service| Container {
        service,
        inspected: stack.inspect(service),
    });
    let mut wrong = Vec::new();
    let mut used = Vec::new();
    for Item { id, title, state } in &list {
        match state {
            State::NotApplicable { reason } | State::NotHeld { reason } => {
                assert!(!reason.is_empty(), "{id} {title}: no reason");
            }
            State::Held { fact: name } => {
                used.push(name.as_str());
                let (_, fact) = FACTS
                    .iter()
                    .find(|(known, _)| known == name)
                    .unwrap_or_else(|| panic!("{id} {title}: there is no fact {name}"));
                for container in &containers {
                    if let Err(found) = fact(container) {
                        wrong.push(format!("{id} {title}: {}: {found}", container.service));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not held:\n{}", wrong.join("\n"));
    for (name, _) in FACTS {
        assert!(used.contains(&name), "no item names the fact {name}");
    }
}

impl Container {
    fn is(&self, key: &str, wanted: &Value) -> Result<(), String> {
        let found = &self.inspected["HostConfig"][key];
        holds(found == wanted, found)
    }

    fn is_limited(&self, key: &str) -> Result<(), String> {
        let found = &self.inspected["HostConfig"][key];
        holds(found.as_i64() > Some(0), found)
    }

    fn has_no_security_option(&self, name: &str) -> Result<(), String> {
        let options = &self.inspected["HostConfig"]["SecurityOpt"];
        let stated = list(options)
            .iter()
            .any(|option| option.as_str().is_none_or(|text| text.starts_with(name)));
        holds(!stated, options)
    }

    fn has_least_capabilities(&self) -> Result<(), String> {
        let host = &self.inspected["HostConfig"];
        holds(host["CapDrop"] == json!(["ALL"]), &host["CapDrop"])?;
        // It reads a key whatever its owner, and hands it to nginx's user. Newer engines
        // write CAP_ before the name.
        let needed: &[&str] = match self.service {
            "tls" => &["CHOWN", "DAC_READ_SEARCH"],
            _ => &[],
        };
        let added = &host["CapAdd"];
        let mut names: Vec<&str> = list(added)
            .iter()
            .filter_map(Value::as_str)
            .map(|name| name.trim_start_matches("CAP_"))
            .collect();
        names.sort_unstable();
        holds(names == needed, added)
    }

    fn publishes_only_the_edge(&self) -> Result<(), String> {
        let published = &self.inspected["HostConfig"]["PortBindings"];
        let ports: Vec<&str> = published
            .as_object()
            .map_or_else(Vec::new, |ports| ports.keys().map(String::as_str).collect());
        let needed: &[&str] = match self.service {
            "nginx" => &["443/tcp", "443/udp", "80/tcp"],
            _ => &[],
        };
        holds(ports == needed, published)?;
        self.is("PublishAllPorts", &json!(false))
    }

    fn mounts(&self, allowed: fn(&Value) -> bool) -> Result<(), String> {
        list(&self.inspected["Mounts"])
            .iter()
            .try_for_each(|mount| holds(allowed(mount), mount))
    }
}

fn holds(it_does: bool, found: &Value) -> Result<(), String> {
    if it_does {
        Ok(())
    } else {
        Err(format!("found {found}"))
    }
}

/// An array's values; an engine says `null` for an empty one.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
