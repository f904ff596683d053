//! Brings up the stack of `compose.yaml` under a name and on ports of its own, and takes it
//! down again whatever happens in between.

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{
        OnceLock,
        atomic::{AtomicU16, AtomicU32, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    client::{self, Response},
    program::{self, Output, QUICK},
    service::service,
};

/// How long a whole stack may take to be healthy, or to be gone.
pub const SLOW: Duration = Duration::from_secs(90);

/// Names of our projects start like this; the process's number follows.
pub const PREFIX: &str = "drydock-test-";

/// What whoever starts the tests may have told Compose.
const OF_COMPOSE: [&str; 4] = [
    "COMPOSE_ENV_FILES",
    "COMPOSE_FILE",
    "COMPOSE_PROFILES",
    "COMPOSE_PROJECT_NAME",
];

/// A stack that several tests look at, or why it could not be started.
pub type Shared = OnceLock<Result<Stack, String>>;

static SHARED: Shared = OnceLock::new();

/// A folder with `compose.yaml` in it, as a checkout is, and the project that Compose names
/// after it; dropped, it is removed with its volumes.
pub struct Stack {
    project: String,
    /// Besides: the override file, the certificate authority and whatever a test mounts.
    folder: PathBuf,
    http: u16,
    https: u16,
}

impl Stack {
    /// The stack that all tests share which only look at it.
    ///
    /// # Panics
    /// When it could not be started; each test then says so.
    pub fn shared() -> &'static Self {
        SHARED
            .get_or_init(|| {
                let stack = Self::prepare("");
                let acme = stack.folder("acme");
                stack.override_with(&format!(
                    "services: {{nginx: {{volumes: ['{}:/var/www/acme:ro,z']}}}}",
                    acme.display()
                ));
                match stack.start() {
                    output if output.success => Ok(stack),
                    output => Err(output.text()),
                }
            })
            .as_ref()
            .unwrap_or_else(|why| panic!("the stack did not start: {why}"))
    }

    /// Removes the stack that tests have shared, and the `others`.
    pub fn remove_shared(others: &[&'static Shared]) {
        for shared in [&[&SHARED], others].concat() {
            if let Some(Ok(stack)) = shared.get() {
                stack.remove();
            }
        }
    }

    /// A stack for one test, up and healthy; `overlay` is a compose file on top of the
    /// repository's, or empty.
    pub fn up(overlay: &str) -> Self {
        let stack = Self::prepare(overlay);
        let output = stack.start();
        assert!(output.success, "the stack did not start: {}", output.text());
        stack
    }

    /// A stack of which nothing runs yet.
    pub fn prepare(overlay: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let project = format!("{PREFIX}{}-{number}", process::id());
        let folder = env::temp_dir().join(&project);
        let stack = Self::at(project, folder);
        stack.override_with(overlay);
        stack
    }

    /// As [`Stack::prepare`], of a project and in a folder that a test chooses.
    pub fn at(project: String, folder: PathBuf) -> Self {
        fs::create_dir_all(folder.join("nginx/tls")).expect("a folder for temporary files");
        let compose_file = root().join("compose.yaml");
        fs::copy(compose_file, folder.join("compose.yaml")).expect("compose.yaml is copied");
        let profiles = folder.join("seccomp");
        fs::create_dir_all(&profiles).expect("a folder for profiles");
        for file in fs::read_dir(root().join("seccomp")).expect("the profiles are listed") {
            let file = file.expect("a profile");
            fs::copy(file.path(), profiles.join(file.file_name())).expect("it is copied");
        }
        let (http, https) = (free_port(), free_port());
        Self {
            project,
            folder,
            http,
            https,
        }
    }

    /// Replaces the compose file on top of the repository's.
    pub fn override_with(&self, overlay: &str) {
        let networks = if overlay.contains("networks: {") {
            String::new()
        } else {
            networks()
        };
        let file = self.folder.join("compose.override.yaml");
        fs::write(file, format!("{overlay}\n{networks}")).expect("the overlay is written");
    }

    /// A new folder for files to mount, readable by every user.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).expect("a folder for files to mount");
        folder
    }

    /// Where a user's own pair is looked for.
    pub fn pair(&self) -> PathBuf {
        self.folder("nginx/tls")
    }

    /// Starts what does not run and waits until all of it is healthy.
    pub fn start(&self) -> Output {
        let output = self.compose(&["up", "--detach", "--wait", "--wait-timeout", "60"]);
        if output.success {
            self.take_ca();
        }
        output
    }

    /// Takes the CA of the development pair; with a pair of one's own there is none.
    pub fn take_ca(&self) {
        let ca = self.ca();
        let to = ca.to_str().expect("a path in UTF-8");
        self.compose(&["cp", "nginx:/etc/nginx/tls/ca.crt", to]);
    }

    /// Runs docker-compose on this project.
    pub fn compose(&self, args: &[&str]) -> Output {
        self.run("docker-compose", args)
    }

    /// Runs a program that uses docker-compose, on this project.
    pub fn run(&self, program: &str, args: &[&str]) -> Output {
        program::run(self.command(program).args(args), SLOW)
    }

    /// What [`Stack::run`] runs.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.bare(program);
        command.env("APP_IMAGE_DIGEST", app_digest());
        command
    }

    /// The same without what only a start needs, and has to ask the engine for.
    fn bare(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for name in OF_COMPOSE {
            command.env_remove(name);
        }
        command
            .current_dir(&self.folder)
            .env("DRYDOCK_ROOT", &self.folder)
            .env("DRYDOCK_HTTP_PORT", self.http.to_string())
            .env("DRYDOCK_HTTPS_PORT", self.https.to_string());
        command
    }

    /// What docker-compose prints, or why it prints nothing; for [`Drop`], which must not panic.
    fn printed(&self, args: &[&str]) -> String {
        match program::attempt(self.bare("docker-compose").args(args), "", SLOW) {
            Ok(output) => output.text(),
            Err(why) => why,
        }
    }

    /// As [`Stack::compose`], for commands that have to succeed; gives their stdout.
    pub fn composed(&self, args: &[&str]) -> String {
        let output = self.compose(args);
        assert!(output.success, "{args:?} failed: {}", output.text());
        output.stdout.trim().to_owned()
    }

    /// The ids of a service's containers, running or not.
    pub fn containers(&self, service: &str) -> Vec<String> {
        self.composed(&["ps", "--all", "--quiet", service])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// The id of a service's only container.
    pub fn container(&self, service: &str) -> String {
        let mut ids = self.containers(service);
        assert_eq!(ids.len(), 1, "containers of {service}");
        ids.remove(0)
    }

    /// What `docker inspect` says of a service's only container.
    pub fn inspect(&self, service: &str) -> Value {
        inspect(&self.container(service))
    }

    /// The name that compose gave to one of the networks.
    pub fn network(&self, name: &str) -> String {
        format!("{}_{name}", self.project)
    }

    /// The file of the certificate authority.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// What Compose calls it.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The published port of http.
    pub fn http_port(&self) -> u16 {
        self.http
    }

    /// The published port of https, over TCP and UDP.
    pub fn https_port(&self) -> u16 {
        self.https
    }

    /// `http://localhost:PORT` and the path.
    pub fn http(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.http)
    }

    /// `https://localhost:PORT` and the path.
    pub fn https(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.https)
    }

    /// The URL that the service answers with 200.
    pub fn home(&self) -> String {
        self.https(&service().path)
    }

    /// Fetches with curl, which trusts this stack's authority.
    pub fn curl(&self, args: &[&str]) -> Response {
        client::curl(&self.ca(), args)
    }

    /// As [`Stack::curl`], with curl's own words where there is no answer.
    pub fn try_curl(&self, args: &[&str]) -> Result<Response, String> {
        client::try_curl(&self.ca(), args)
    }

    fn remove(&self) {
        let down = ["down", "--volumes", "--remove-orphans", "--timeout", "0"];
        program::clean_up(self.bare("docker-compose").args(down), SLOW);
        let _ = fs::remove_dir_all(&self.folder);
        // Where two have one name, each has a place of its own, which is empty then.
        let _ = self.folder.parent().map(fs::remove_dir);
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.printed(&["logs", "--no-color", "--tail", "20"]));
            // Under load they are far above the last lines.
            let edge = self.printed(&["logs", "--no-color", "nginx"]);
            let errors = edge.lines().filter(|line| !line.contains("{\"time\""));
            errors.for_each(|line| eprintln!("{line}"));
        }
        self.remove();
    }
}

/// Networks of which nobody else has a part. An engine that is left to choose takes for free what a
/// network has that it is just removing, and then refuses it: "networks have overlapping IPv4".
/// A run has one of sixteen parts of a private range, by its process.
fn networks() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let [edge, backend] = [(); 2].map(|()| {
        let number = process::id() % 16 * 128 + NUMBER.fetch_add(1, Ordering::Relaxed) % 128;
        let address = u32::from(Ipv4Addr::new(10, 213, 0, 0)) + number * 32;
        let subnet = Ipv4Addr::from(address);
        format!("{{ipam: {{config: [{{subnet: {subnet}/27}}]}}}}")
    });
    format!("networks: {{edge: {edge}, backend: {backend}}}\n")
}

/// The folder of `compose.yaml`.
pub fn root() -> PathBuf {
    let root = env::var_os("DRYDOCK_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    fs::canonicalize(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()))
}

/// The digest of the app's image.
pub fn app_digest() -> &'static str {
    static DIGEST: OnceLock<String> = OnceLock::new();
    let inspect = ["image", "inspect", "--format", "{{.Id}}"];
    DIGEST.get_or_init(|| docker(&[&inspect[..], &[&service().image()]].concat()))
}

/// Runs docker, which has to succeed, and gives its stdout.
pub fn docker(args: &[&str]) -> String {
    program::output_of(Command::new("docker").args(args), SLOW)
}

/// Asks a URL by the images' own probe, from a network.
pub fn probe(network: &str, url: &str) -> Output {
    let mut command = Command::new("docker");
    command.args(["run", "--rm", "--network", network]).args([
        "--entrypoint",
        "/bin/probe",
        &service().edge_image(),
        url,
    ]);
    program::run(&mut command, QUICK)
}

/// What `docker inspect` says of a container.
pub fn inspect(container: &str) -> Value {
    let text = docker(&["inspect", "--type", "container", container]);
    let mut list: Value = serde_json::from_str(&text).expect("JSON from docker inspect");
    list[0].take()
}

/// What is missing for these tests to run, in a sentence.
pub fn obstacle() -> Option<String> {
    let programs = [
        "chromedriver",
        "chromium",
        "curl",
        "docker",
        "docker-compose",
        "gnutls-cli",
        "gzip",
        "openssl",
        "registry",
        "sslyze",
        "tar",
        "testssl.sh",
    ];
    for program in programs {
        if Command::new(program).arg("--version").output().is_err() {
            return Some(format!("{program} is not in PATH"));
        }
    }
    let works = |program: &str, args: &[&str]| -> Result<String, String> {
        match program::run(Command::new(program).args(args), QUICK) {
            output if output.success => Ok(output.stdout),
            output => Err(output.stderr.trim().to_owned()),
        }
    };
    match works("curl", &["--version"]) {
        Ok(version) if version.contains("HTTP3") => {}
        _ => return Some("curl in PATH cannot do HTTP/3".to_owned()),
    }
    match works("openssl", &["list", "-kem-algorithms"]) {
        Ok(list) if list.contains("X25519MLKEM768") => {}
        _ => return Some("openssl in PATH is older than 3.5".to_owned()),
    }
    if let Err(why) = works("docker", &["version"]) {
        return Some(format!("no Docker engine answers: {why}"));
    }
    for image in [service().image(), service().edge_image()] {
        if works("docker", &["image", "inspect", &image]).is_err() {
            return Some(format!("the engine has no image {image}: load it first"));
        }
    }
    let compose_file = root().join("compose.yaml");
    if !compose_file.is_file() {
        let path = compose_file.display();
        return Some(format!("{path} is missing: set DRYDOCK_ROOT"));
    }
    None
}

/// Removes what runs of these tests have left that were killed before their end.
pub fn remove_leftovers() {
    let filter = format!("name={PREFIX}");
    let list = ["ls", "--all", "--quiet", "--filter", &filter];
    let projects = program::output_of(Command::new("docker-compose").args(list), QUICK);
    for project in projects.lines() {
        let owner = project
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next());
        let alive = owner.is_some_and(|pid| Path::new("/proc").join(pid).exists());
        if !alive {
            let mut command = Command::new("docker-compose");
            command
                .args(["--project-name", project, "down"])
                .args(["--volumes", "--timeout", "0"]);
            program::run(&mut command, SLOW);
            let _ = fs::remove_dir_all(env::temp_dir().join(project));
        }
    }
}

/// A port that is free for TCP and for UDP, and that no other test has got.
///
/// It is below those that Linux gives to connections, of which any may be taken before the caller
/// listens (`ip_local_port_range` in
/// <https://docs.kernel.org/networking/ip-sysctl.html#ip-variables>).
pub fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    // Runs side by side begin at ports of their own.
    let begin = || AtomicU16::new(10_000 + (process::id() % 100) as u16 * 200);
    let next = NEXT.get_or_init(begin);
    loop {
        let port = next.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("0.0.0.0", port)).is_ok()
            && UdpSocket::bind(("0.0.0.0", port)).is_ok()
        {
            return port;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn a_failed_test_whose_stack_cannot_be_removed_ends_no_other() {
        let failed = panic::catch_unwind(|| {
            let _stack = Stack {
                project: "none".to_owned(),
                // No program can be started in it, docker-compose neither.
                folder: PathBuf::from("/nowhere/at/all"),
                http: 1,
                https: 2,
            };
            panic!("the test's own panic");
        });
        let why = failed.expect_err("it has failed");
        assert_eq!(
            why.downcast_ref(),
            Some(&"the test's own panic"),
            "another panic took its place"
        );
    }
}
