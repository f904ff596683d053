//! The stack as `.#swarm` describes it, on a Swarm of three engines of this machine.
//!
//! Each engine has a network namespace of its own. A bridge joins them, which is in one more: in that
//! of this machine its firewall would drop what goes from engine to engine.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{self, Child, Command},
    thread,
    time::Duration,
};

use rustix::{
    mount::{UnmountFlags, unmount},
    process::{Pid, Signal, kill_process},
};

use super::{
    commands::{command, fails, succeeds},
    faults::{load::Load, understudy::Flaw},
    registry::Registry,
};
use crate::{
    network::{inside, ip, needs_root},
    pair::make_own_pair,
    program::{self, Output, QUICK, clean_up, eventually, output_of},
    stack::{PREFIX, free_port},
};

const ENGINES: usize = 3;

/// Names of clusters end like this, after the process.
const SUFFIX: &str = "-swarm";

/// How long Swarm may take for what one command asks of it.
const LIMIT: Duration = Duration::from_mins(5);

struct Cluster {
    name: String,
    folder: PathBuf,
    engines: Vec<Child>,
    registry: Option<Registry>,
}

impl Cluster {
    fn up() -> Self {
        needs_root();
        Self::remove_leftovers();
        let mut cluster = Self::of(process::id());
        cluster.networks();
        for number in 1..=ENGINES {
            cluster.start(number);
        }
        for number in 1..=ENGINES {
            eventually("the engine", QUICK, || {
                let mut version = Command::new("docker");
                version.args(["--host", &cluster.socket(number), "version"]);
                program::attempt(&mut version, "", QUICK)
                    .is_ok_and(|output| output.success)
                    .then_some(())
            });
        }
        let first = address(1).to_string();
        cluster.docker(1, &["swarm", "init", "--advertise-addr", &first]);
        let token = cluster.docker(1, &["swarm", "join-token", "--quiet", "worker"]);
        for number in 2..=ENGINES {
            let own = address(number).to_string();
            cluster.docker(
                number,
                &[
                    "swarm",
                    "join",
                    "--token",
                    &token,
                    "--advertise-addr",
                    &own,
                    &format!("{first}:2377"),
                ],
            );
        }
        let folder = cluster.folder.join("registry");
        fs::create_dir_all(&folder).expect("a folder for the registry");
        let registry = Registry::serve((address(0), free_port()).into(), &folder, &[]);
        cluster.registry = Some(registry.pushed_by(cluster.socket(1)));
        cluster
    }

    /// That of a process, of which nothing runs yet.
    fn of(owner: u32) -> Self {
        let name = format!("{PREFIX}{owner}{SUFFIX}");
        Self {
            folder: env::temp_dir().join(&name),
            name,
            engines: vec![],
            registry: None,
        }
    }

    /// Ends the engines of runs that were killed before their end, and removes their networks, whose
    /// addresses another run may get.
    fn remove_leftovers() {
        let entries = fs::read_dir(env::temp_dir()).expect("the folder for temporary files");
        for name in entries.flatten().map(|entry| entry.file_name()) {
            let name = name.to_string_lossy();
            let owner = name
                .strip_prefix(PREFIX)
                .and_then(|rest| rest.strip_suffix(SUFFIX))
                .and_then(|owner| owner.parse().ok());
            let Some(owner) = owner.filter(|&owner| !is_there(owner)) else {
                continue;
            };
            // Dropped, it is removed.
            let left = Self::of(owner);
            for number in 1..=ENGINES {
                let folder = left.engine(number);
                let pid = fs::read_to_string(folder.join("pid")).unwrap_or_default();
                let Ok(pid) = pid.trim().parse() else {
                    continue;
                };
                // Its number may be another process's by now.
                let command = fs::read_to_string(format!("/proc/{pid}/cmdline"));
                if !command.is_ok_and(|line| line.contains(&*folder.to_string_lossy())) {
                    continue;
                }
                if let Some(engine) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(engine, Signal::TERM);
                }
                eventually("an engine that was left ends", LIMIT, || {
                    (!is_there(pid)).then_some(())
                });
            }
        }
    }

    /// This machine is `address(0)`, and each engine what comes after.
    fn networks(&self) {
        let hub = &self.name;
        ip(&["netns", "add", hub]);
        ip(&[
            "-netns", hub, "link", "add", "name", "hub", "type", "bridge",
        ]);
        ip(&["-netns", hub, "link", "set", "dev", "hub", "up"]);
        let outside = format!("drydock{}", process::id());
        ip(&[
            "link", "add", "name", &outside, "type", "veth", "peer", "name", "port0", "netns", hub,
        ]);
        ip(&[
            "address",
            "add",
            &format!("{}/24", address(0)),
            "dev",
            &outside,
        ]);
        ip(&["link", "set", "dev", &outside, "up"]);
        for number in 1..=ENGINES {
            let own = self.namespace(number);
            let port = format!("port{number}");
            ip(&["netns", "add", &own]);
            ip(&[
                "-netns", &own, "link", "add", "name", "eth0", "type", "veth", "peer", "name",
                &port, "netns", hub,
            ]);
            ip(&[
                "-netns",
                &own,
                "address",
                "add",
                &format!("{}/24", address(number)),
                "dev",
                "eth0",
            ]);
            for link in ["lo", "eth0"] {
                ip(&["-netns", &own, "link", "set", "dev", link, "up"]);
            }
            // An engine takes the address of the default route for its own.
            ip(&[
                "-netns",
                &own,
                "route",
                "add",
                "default",
                "via",
                &address(0).to_string(),
            ]);
        }
        for number in 0..=ENGINES {
            ip(&[
                "-netns",
                hub,
                "link",
                "set",
                "dev",
                &format!("port{number}"),
                "master",
                "hub",
                "up",
            ]);
        }
    }

    fn start(&mut self, number: usize) {
        let folder = self.engine(number);
        fs::create_dir_all(&folder).expect("a folder for the engine");
        let path = |name: &str| folder.join(name).display().to_string();
        let log = fs::File::create(folder.join("log")).expect("its log");
        let mut dockerd = dockerd();
        dockerd
            .args(["--host", &self.socket(number), "--pidfile", &path("pid")])
            .args(["--data-root", &path("data"), "--exec-root", &path("exec")])
            .args(["--insecure-registry", &format!("{}/24", address(0))])
            .stdout(log.try_clone().expect("its log"))
            .stderr(log);
        let engine = inside(&self.namespace(number), || dockerd.spawn());
        self.engines.push(engine.expect("the engine starts"));
    }

    fn namespace(&self, number: usize) -> String {
        format!("{}{number}", self.name)
    }

    fn engine(&self, number: usize) -> PathBuf {
        self.folder.join(number.to_string())
    }

    fn socket(&self, number: usize) -> String {
        format!("unix://{}", self.engine(number).join("socket").display())
    }

    fn docker(&self, number: usize, args: &[&str]) -> String {
        let mut docker = Command::new("docker");
        output_of(
            docker.args(["--host", &self.socket(number)]).args(args),
            LIMIT,
        )
    }

    fn registry(&self) -> &Registry {
        self.registry
            .as_ref()
            .expect("it is there once the cluster is up")
    }

    /// The stack, with the images of the registry and a pair for localhost.
    fn deploy(&self) -> PathBuf {
        let mut publish = Command::new(command("DRYDOCK_PUBLISH"));
        let settings = self.folder.join(".config/containers");
        let text = format!(
            "[[registry]]\nlocation = '{}'\ninsecure = true\n",
            self.registry().place()
        );
        fs::create_dir_all(&settings).expect("a folder for settings");
        fs::write(settings.join("registries.conf"), text).expect("the settings of who pushes");
        publish.args([&format!("docker://{}", self.registry().place()), "v1"]);
        output_of(publish.env("HOME", &self.folder), LIMIT);

        let pair = self.folder.join("nginx/tls");
        fs::create_dir_all(&pair).expect("a folder for the pair");
        make_own_pair(&pair, "localhost", &[]);
        let file = self.folder.join("swarm.yaml");
        fs::copy(command("DRYDOCK_SWARM"), &file).expect("the stack file is copied");
        let mut deploy = Command::new("docker");
        deploy
            .args([
                "--host",
                &self.socket(1),
                "stack",
                "deploy",
                "--compose-file",
            ])
            .arg(&file)
            .arg("web")
            .env("DRYDOCK_REGISTRY", self.registry().place())
            .env("DRYDOCK_CPUS", "1");
        output_of(&mut deploy, LIMIT);
        self.runs("web_app", 2);
        self.runs("web_nginx", ENGINES);
        pair.join("localhost.crt")
    }

    /// Waits until there are so many replicas, which is when all of them are healthy.
    fn runs(&self, service: &str, replicas: usize) {
        let wish = format!("{replicas}/{replicas}");
        let filter = format!("name={service}");
        eventually(&format!("{wish} of {service}"), LIMIT, || {
            let list = self.docker(
                1,
                &[
                    "service",
                    "ls",
                    "--filter",
                    &filter,
                    "--format",
                    "{{.Replicas}}",
                ],
            );
            (list == wish).then_some(())
        });
    }

    /// Where the service's replicas are to run, one line each: an engine's id and the image.
    fn replicas(&self) -> Vec<String> {
        let format = "{{.NodeID}} {{.Spec.ContainerSpec.Image}}";
        let list = self.docker(
            1,
            &[
                "service",
                "ps",
                "--quiet",
                "--filter",
                "desired-state=running",
                "web_app",
            ],
        );
        list.lines()
            .map(|task| self.docker(1, &["inspect", "--format", format, task]))
            .collect()
    }

    fn rollout(&self, args: &[&str]) -> Output {
        let mut rollout = Command::new(command("DRYDOCK_ROLLOUT"));
        rollout
            .args(["--on", "swarm"])
            .args(args)
            .env("DOCKER_HOST", self.socket(1));
        program::run(&mut rollout, LIMIT)
    }

    fn id(&self, number: usize) -> String {
        self.docker(number, &["info", "--format", "{{.Swarm.NodeID}}"])
    }

    /// The cable is pulled, and whatever runs there is heard of no more.
    fn lose(&self, number: usize) {
        ip(&[
            "-netns",
            &self.name,
            "link",
            "set",
            "dev",
            &format!("port{number}"),
            "down",
        ]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            for args in [
                &["service", "ps", "--no-trunc", "web_app", "web_nginx"][..],
                &["service", "logs", "--tail", "20", "web_nginx"],
            ] {
                let mut docker = Command::new("docker");
                let said = program::attempt(
                    docker.args(["--host", &self.socket(1)]).args(args),
                    "",
                    QUICK,
                );
                eprintln!("{}", said.map_or_else(|why| why, |output| output.text()));
            }
        }
        self.registry = None;
        for engine in &self.engines {
            let _ = kill_process(Pid::from_child(engine), Signal::TERM);
        }
        for engine in &mut self.engines {
            let _ = program::ended(engine, LIMIT);
            let _ = engine.kill();
            let _ = engine.wait();
        }
        for number in 1..=ENGINES {
            let names = fs::read_dir(self.engine(number).join("exec/netns"));
            for name in names.into_iter().flatten().flatten() {
                let _ = unmount(name.path(), UnmountFlags::DETACH);
            }
            clean_up(
                Command::new("ip").args(["netns", "delete", &self.namespace(number)]),
                QUICK,
            );
        }
        clean_up(
            Command::new("ip").args(["netns", "delete", &self.name]),
            QUICK,
        );
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// In a private network, of which this process has a part: a public address would have a rate.
fn address(number: usize) -> Ipv4Addr {
    let host = u8::try_from(number + 1).expect("few engines");
    let [.., part] = process::id().to_be_bytes();
    Ipv4Addr::new(10, 214, part, host)
}

fn edge(number: usize) -> SocketAddr {
    (address(number), 443).into()
}

fn is_there(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

/// Another one of the engine that runs on this machine, which finds the programs that it needs.
fn dockerd() -> Command {
    let pid = fs::read_to_string("/var/run/docker.pid").expect("the engine's process id");
    let process = Path::new("/proc").join(pid.trim());
    let environment = fs::read(process.join("environ")).expect("the engine's environment");
    let path = environment
        .split(|&byte| byte == 0)
        .find_map(|variable| variable.strip_prefix(b"PATH="));
    let path = String::from_utf8_lossy(path.expect("the engine's PATH")).into_owned();
    let mut dockerd = Command::new(
        process
            .join("exe")
            .read_link()
            .expect("the engine's program"),
    );
    dockerd.env("PATH", path);
    dockerd
}

pub fn a_cluster_of_three_scales_rolls_drains_and_loses_a_node() {
    let cluster = Cluster::up();
    let registry = cluster.registry();
    let ca = cluster.deploy();
    // Whoever keeps a connection asks the same edge for good; others make one for each request.
    let loads = || [1, 2].map(|number| Load::at(edge(number), &["GET", "POST"], &["GET"], &[&ca]));
    let answered = |loads: [Load; 2]| {
        for load in loads {
            load.goes_on();
            let report = load.stop();
            eprintln!("on Swarm: {}", report.text());
            report.assert_all_answered();
        }
    };

    let asked = loads();
    for replicas in ["web_app=1", "web_app=5", "web_app=1", "web_app=2"] {
        cluster.docker(1, &["service", "scale", replicas]);
        asked.iter().for_each(Load::goes_on);
    }
    answered(asked);

    let takes = |wish: &str| {
        let replicas = cluster.replicas();
        replicas.iter().all(|replica| replica.ends_with(wish))
    };
    let asked = loads();
    for number in 1..=9 {
        let good = registry.good(&number.to_string());
        succeeds(&cluster.rollout(&["--watch", "1", &good]), &good);
        assert!(takes(&good), "{:?}", cluster.replicas());
    }
    let before = cluster.replicas();
    let never = registry.bad(Flaw::NeverReady);
    fails(&cluster.rollout(&["--watch", "1", &never]), "taken");
    asked[0].reaches(20_000);
    answered(asked);
    // Swarm gives it clients before anybody can know, and has no word for less of them.
    let later = registry.bad(Flaw::AfterFiveSeconds);
    fails(&cluster.rollout(&["--watch", "1", &later]), "taken");
    cluster.runs("web_app", 2);
    let image = |replica: &String| replica.split(' ').next_back().map(str::to_owned);
    assert_eq!(image(&cluster.replicas()[0]), image(&before[0]));
    let asked = loads();
    answered(asked);

    // A node that is drained has no edge any more.
    let [second, third] = [2, 3].map(|number| cluster.id(number));
    let leaves = |node: &str| {
        eventually("the replicas of a node are elsewhere", LIMIT, || {
            let left = cluster
                .replicas()
                .iter()
                .all(|replica| !replica.starts_with(node));
            left.then_some(())
        });
    };
    let load = Load::at(edge(1), &["GET", "POST"], &["GET"], &[&ca]);
    cluster.docker(1, &["node", "update", "--availability", "drain", &second]);
    leaves(&second);
    cluster.runs("web_app", 2);
    load.goes_on();
    load.stop().assert_all_answered();
    cluster.docker(1, &["node", "update", "--availability", "active", &second]);

    // What a machine has in hand is lost with it, which is one request of a client at the most.
    cluster.docker(1, &["service", "scale", "web_app=3"]);
    let clients = ["GET"; 4];
    let load = Load::at(edge(1), &clients, &[], &[&ca]);
    cluster.lose(3);
    leaves(&third);
    load.goes_on();
    let report = load.stop();
    eprintln!("a node of a Swarm is lost: {}", report.text());
    assert!(report.faults.is_empty(), "{}", report.text());
    assert!(report.failed() <= clients.len(), "{}", report.text());
    let load = Load::at(edge(1), &["GET", "POST"], &["GET"], &[&ca]);
    load.goes_on();
    load.stop().assert_all_answered();
}
