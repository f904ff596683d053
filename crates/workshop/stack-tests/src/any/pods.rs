//! The pods of `.#kubernetes`, run by `podman kube play`: what a kubelet would be told of containers.
//!
//! Podman has a network namespace of its own, since the firewall of this machine's engine drops what
//! goes from pod to pod.

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Command},
    thread,
    time::Duration,
};

use super::{commands::command, hardening::SERVICES};
use crate::{
    network::{inside, ip, needs_root},
    pair::make_own_pair,
    program::{self, QUICK, clean_up, eventually, output_of},
    service::service,
    stack::PREFIX,
};

/// How long Podman may take for what one command asks of it.
const LIMIT: Duration = Duration::from_mins(2);

struct Podman {
    /// Of the namespace, and of the folder that has all that Podman keeps.
    name: String,
    folder: PathBuf,
}

impl Podman {
    /// One that has the images.
    fn up() -> Self {
        needs_root();
        let name = format!("{PREFIX}{}-pods", process::id());
        // Dropped, it is in this network once more.
        ip(&["netns", "add", &name]);
        let podman = Self {
            folder: env::temp_dir().join(&name),
            name,
        };
        let settings = podman.folder.join(".config/containers");
        fs::create_dir_all(&settings).expect("a folder for settings");
        // Else it runs no image at all: containers-policy.json(5).
        let any = r#"{ "default": [{ "type": "insecureAcceptAnything" }] }"#;
        fs::write(settings.join("policy.json"), any).expect("its settings");
        ip(&["-netns", &podman.name, "link", "set", "dev", "lo", "up"]);
        podman.run(&["load", "--input", &command("DRYDOCK_IMAGE")]);
        podman
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command
            .env("HOME", &self.folder)
            .arg("--root")
            .arg(self.folder.join("root"))
            .arg("--runroot")
            .arg(self.folder.join("run"))
            // There may be no systemd to ask.
            .args(["--cgroup-manager", "cgroupfs"])
            .args(args);
        command
    }

    fn run(&self, args: &[&str]) -> String {
        inside(&self.name, || output_of(&mut self.command(args), LIMIT))
    }

    /// What is to be run, as an operator would have it: the images' names, and a pair.
    fn objects(&self) -> PathBuf {
        let folder = self.folder.join("web");
        fs::create_dir_all(&folder).expect("a folder for the objects");
        make_own_pair(&folder, "localhost", &[]);
        let mut copy = Command::new("cp");
        copy.args(["--recursive", "--dereference", "--no-preserve=mode"]);
        output_of(
            copy.arg(command("DRYDOCK_KUBERNETES"))
                .arg(folder.join("base")),
            QUICK,
        );
        let images = [service().image(), service().edge_image()]
            .map(|name| format!("{{ name: {name}, newName: localhost/{name}, newTag: latest }}"))
            .join(", ");
        let text = format!(
            "resources: [base]\nimages: [{images}]\n\
             generatorOptions: {{ disableNameSuffixHash: true }}\n\
             secretGenerator: [{{ name: nginx-tls, type: kubernetes.io/tls, \
             files: [tls.crt=localhost.crt, tls.key=localhost.key] }}]\n"
        );
        fs::write(folder.join("kustomization.yaml"), text).expect("the objects are described");
        let made = output_of(Command::new("kubectl").arg("kustomize").arg(&folder), QUICK);
        let file = self.folder.join("objects.yaml");
        fs::write(&file, as_podman_has_it(&made)).expect("the objects are written");
        file
    }

    /// What it knows of a container or a pod.
    fn of(&self, kind: &str, name: &str, what: &str) -> String {
        self.run(&[kind, "inspect", "--format", what, name])
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        if thread::panicking() {
            for pod in ["app-pod", "nginx-pod"] {
                let said = program::attempt(&mut self.command(&["pod", "logs", pod]), "", QUICK);
                eprintln!("{}", said.map_or_else(|why| why, |output| output.text()));
            }
        }
        inside(&self.name, || {
            clean_up(&mut self.command(&["pod", "rm", "--force", "--all"]), LIMIT);
            clean_up(&mut self.command(&["system", "reset", "--force"]), LIMIT);
        });
        clean_up(
            Command::new("ip").args(["netns", "delete", &self.name]),
            QUICK,
        );
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Podman gives a pod's volumes to nobody, where Kubernetes has `fsGroup`. It has a word of its own for
/// volumes on disk (`:U`, podman-kube-play(1)), and none for those in memory, or for a Secret, which
/// all may read then.
fn as_podman_has_it(objects: &str) -> String {
    let mut text = objects.replace("defaultMode: 288", "defaultMode: 292");
    text = text
        .split_inclusive('\n')
        .filter(|line| line.trim() != "medium: Memory")
        .collect();
    for folder in ["/etc/nginx/tls", "/tmp", "/var/log/nginx"] {
        let mount = format!("mountPath: {folder}\n");
        assert!(text.contains(&mount), "nothing is mounted at {folder}");
        text = text.replace(&mount, &format!("mountPath: {folder}:U\n"));
    }
    text
}

/// As Podman calls the one container of a pod that goes on.
fn container(name: &str) -> String {
    format!("{name}-pod-{name}")
}

pub fn the_pods_of_kubernetes_answer_with_the_least_rights() {
    let podman = Podman::up();
    let objects = podman.objects();
    let objects = objects.to_str().expect("a path of letters");
    podman.run(&["network", "create", "web"]);
    podman.run(&["kube", "play", "--network", "web", objects]);

    let networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let holder = podman.of("pod", "nginx-pod", "{{.InfraContainerID}}");
    let address = podman.of("container", &holder, networks);
    let ca = podman.folder.join("web/localhost.crt");
    let answer = eventually("the edge has an answer of the service", LIMIT, || {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--max-time", "5", "--cacert"])
            .arg(&ca)
            .args(["--resolve", &format!("localhost:443:{address}")])
            .arg(format!("https://localhost{}", service().path));
        let output = inside(&podman.name, || program::run(&mut curl, QUICK));
        output.success.then_some(output.stdout)
    });
    assert!(answer.contains(&service().answer), "{answer}");

    for (name, user) in SERVICES {
        let container = &container(name);
        let rights = podman.of(
            "container",
            container,
            "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.EffectiveCaps}}",
        );
        assert_eq!(rights, format!("{user}:{user} true []"), "{container}");
    }
    // Podman asks an HTTP probe's question by a shell and curl, which no image of ours has.
    podman.run(&["healthcheck", "run", &container("nginx")]);
    podman.run(&["pod", "stop", "nginx-pod", "app-pod"]);
    for (name, _) in SERVICES {
        let container = &container(name);
        let code = podman.of("container", container, "{{.State.ExitCode}}");
        assert_eq!(code, "0", "{container}");
    }
}
