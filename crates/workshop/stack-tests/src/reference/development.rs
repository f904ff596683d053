//! The edit-run loop, driven as a person would: by edits of files and by Ctrl-C. It works on a
//! copy of the tree.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead as _, BufReader},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, getuid, kill_process, kill_process_group};

use crate::{
    any::faults::load::Load,
    client::{self, Response},
    program::{self, Output, eventually},
    stack::{PREFIX, docker, free_port, root},
};

/// How long the first build may take, which compiles every dependency.
const FIRST: Duration = Duration::from_mins(15);

/// How long an edit may take to have its effect, on a machine that is busy with the load.
const SOON: Duration = Duration::from_mins(1);

/// What Ctrl-C may take: less than nginx is given to end, so that a loop which waits for that is
/// seen, and more than an engine on a busy machine needs to take three containers away.
const STOP: Duration = Duration::from_secs(10);

/// The programs that are swapped under load, and how many requests there are at least.
const SWAPS: usize = 10;
const REQUESTS: usize = 20_000;

/// Who works on the tree where these tests are run by root.
const OWNER: u32 = 12345;

/// What the reference service says first.
const SAYING: &str = "It's easier to ask forgiveness than it is to get permission.";

pub fn the_loop_on_the_host() {
    let session = Session::on_the_host();
    session.drive();
    session.other_files_have_a_sentence(&[
        ("compose.yaml", "docker compose up -d takes it"),
        ("Cargo.lock", "cargo takes it"),
    ]);
    session.idles();
    session.stops(|session| {
        let left = mentioning(&session.folder.0);
        assert!(left.is_empty(), "{left:?} still run");
        let files = fs::read_dir(session.folder.0.join("tmp")).expect("the folder");
        let files: Vec<_> = files.collect();
        assert!(files.is_empty(), "{files:?} are left");
    });
}

pub fn the_loop_in_containers() {
    let containers = Containers::new("loop");
    let session = containers.session(&[]);
    session.drive();
    session.other_files_have_a_sentence(&[
        (
            "compose.yaml",
            "./drydock dev takes it when it is started again",
        ),
        (
            "Cargo.lock",
            "crates that the image does not have come with",
        ),
    ]);
    let others = owned_by_others(&session.tree(), containers.owner);
    assert!(others.is_empty(), "not the user's: {others:?}");
    assert!(session.tree().join("target/container").is_dir());
    session.stops(|_| containers.assert_gone());
}

pub fn the_container_can_be_idle_beside_the_stack() {
    let containers = Containers::new("idle");
    let up = containers.production("DRYDOCK_UP");
    assert!(up.success, "{}", up.text());
    let serving = in_project(&containers.stack, &["ps"]);
    assert_eq!(serving.lines().count(), 2, "app and nginx");
    let session = containers.session(&[("APP_AUTOSTART", "false")]);
    session.says("APP_AUTOSTART=false: nothing is started", 0, SOON);
    let exec = ["exec", "-T", "app"];
    let run = |command: &[&str]| containers.compose(&[&exec[..], command].concat());
    let id = run(&["id", "-u"]);
    assert_eq!(id.stdout.trim(), containers.owner.to_string());
    // The crates are there, without a network.
    let tree = run(&[
        "cargo",
        "metadata",
        "--locked",
        "--offline",
        "--format-version",
        "1",
    ]);
    assert!(tree.success, "{}", tree.stderr);
    session.stops(|_| containers.assert_gone());
    assert_eq!(in_project(&containers.stack, &["ps"]), serving);
    let down = containers.production("DRYDOCK_DOWN");
    assert!(down.success, "{}", down.text());
}

/// What there is of a kind that belongs to a project of Compose.
fn in_project(project: &str, kind: &[&str]) -> String {
    let filter = format!("label=com.docker.compose.project={project}");
    docker(&[kind, &["--quiet", "--filter", &filter]].concat())
}

/// What a test has on disk: it goes with the last that needs it.
struct Folder(PathBuf);

/// A loop that runs, with a tree of its own.
struct Session {
    folder: Arc<Folder>,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    https: u16,
    /// That of the containers, if there are any.
    project: Option<String>,
}

/// What is about the containers of a loop.
struct Containers {
    /// That of the loop, which is beside that of the stack as in production.
    project: String,
    stack: String,
    /// The loop's, which [`Drop`] still reads once the loop has ended.
    folder: Arc<Folder>,
    http: u16,
    https: u16,
    /// The ports of the stack as in production.
    production: [u16; 2],
    /// The user whose files the tree's are.
    owner: u32,
}

impl Containers {
    /// A tree of its own, which is not root's: a person is not.
    fn new(name: &str) -> Self {
        let stack = format!("{PREFIX}{}-{name}", process::id());
        let folder = env::temp_dir().join(&stack);
        let tree = folder.join("tree");
        copy(&root(), &tree);
        let owner = if getuid().is_root() {
            give(&tree, OWNER);
            OWNER
        } else {
            getuid().as_raw()
        };
        Self {
            project: format!("{stack}-dev"),
            stack,
            folder: Arc::new(Folder(folder)),
            http: free_port(),
            https: free_port(),
            production: [free_port(), free_port()],
            owner,
        }
    }

    fn session(&self, vars: &[(&str, &str)]) -> Session {
        let program = env::var_os("DRYDOCK_DEV");
        let program = program.expect("DRYDOCK_DEV names the loop: nix run .#test sets it");
        let mut command = Command::new(program);
        command.envs(self.vars()).envs(vars.iter().copied());
        let mut session = Session::start(command, Arc::clone(&self.folder), self.https);
        session.project = Some(self.project.clone());
        session
    }

    fn vars(&self) -> [(&'static str, String); 7] {
        [
            ("COMPOSE_PROJECT_NAME", self.stack.clone()),
            // Neither is what is asked for.
            ("COMPOSE_FILE", "/nowhere.yaml".to_owned()),
            ("COMPOSE_PROFILES", "none".to_owned()),
            ("DRYDOCK_GID", self.owner.to_string()),
            ("DRYDOCK_HTTP_PORT", self.http.to_string()),
            ("DRYDOCK_HTTPS_PORT", self.https.to_string()),
            ("DRYDOCK_UID", self.owner.to_string()),
        ]
    }

    fn compose(&self, args: &[&str]) -> Output {
        self.compose_in(&self.project, args)
    }

    fn compose_in(&self, project: &str, args: &[&str]) -> Output {
        program::run(&mut self.compose_command(project, args), SOON)
    }

    fn compose_command(&self, project: &str, args: &[&str]) -> Command {
        let mut command = Command::new("docker-compose");
        command
            .args(["--project-name", project])
            .args(["--file", "compose.yaml", "--file", "compose.dev.yaml"])
            .args(args)
            .envs(self.vars())
            .current_dir(self.folder.0.join("tree"));
        command
    }

    /// Runs a command of the stack as in production, in the same folder, on other ports.
    fn production(&self, command: &str) -> Output {
        let program = env::var_os(command);
        let program = program.expect("a command: nix run .#test sets it");
        let mut command = Command::new(program);
        command
            .envs(self.vars())
            .env("DRYDOCK_ROOT", self.folder.0.join("tree"))
            .env("DRYDOCK_HTTP_PORT", self.production[0].to_string())
            .env("DRYDOCK_HTTPS_PORT", self.production[1].to_string());
        program::run(&mut command, SOON)
    }

    fn assert_gone(&self) {
        for kind in [&["ps", "--all"][..], &["network", "ls"]] {
            assert_eq!(in_project(&self.project, kind), "", "{kind:?}");
        }
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        for project in [&self.project, &self.stack] {
            let down = ["down", "--volumes", "--remove-orphans", "--timeout", "0"];
            program::clean_up(&mut self.compose_command(project, &down), SOON);
        }
    }
}

impl Session {
    fn on_the_host() -> Self {
        let program = env::var_os("DRYDOCK_DEV_HOST");
        let program = program.expect("DRYDOCK_DEV_HOST names the loop: nix run .#test sets it");
        let folder = env::temp_dir().join(format!("drydock-test-host-{}", process::id()));
        let https = free_port();
        let mut command = Command::new(program);
        command
            .env("DRYDOCK_APP_PORT", free_port().to_string())
            .env("DRYDOCK_HTTP_PORT", free_port().to_string())
            .env("DRYDOCK_HTTPS_PORT", https.to_string());
        copy(&root(), &folder.join("tree"));
        Self::start(command, Arc::new(Folder(folder)), https)
    }

    fn start(mut command: Command, kept: Arc<Folder>, https: u16) -> Self {
        let folder = &kept.0;
        // The crates come from where the images' do, and not from a registry.
        let cargo = folder.join("cargo");
        fs::create_dir_all(&cargo).expect("a folder");
        if let Some(crates) = env::var_os("DRYDOCK_CRATES") {
            fs::copy(crates, cargo.join("config.toml")).expect("cargo's settings");
        }
        fs::create_dir_all(folder.join("tmp")).expect("a folder");
        let mut child = command
            .env("DRYDOCK_ROOT", folder.join("tree"))
            .env("CARGO_HOME", &cargo)
            .env("TMPDIR", folder.join("tmp"))
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("DRYDOCK_ASSETS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // As a shell starts it: Ctrl-C goes to a group.
            .process_group(0)
            .spawn()
            .expect("the loop starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        collect(child.stdout.take(), &lines);
        collect(child.stderr.take(), &lines);
        Self {
            folder: kept,
            child,
            lines,
            https,
            project: None,
        }
    }

    /// Everything that a person does with it.
    fn drive(&self) {
        self.says("answers, after", 0, FIRST);
        assert!(self.text().starts_with(SAYING), "{}", self.text());
        self.swaps_without_a_failed_request();
        self.the_last_good_program_serves();
        self.the_last_good_configuration_serves();
        self.an_asset_is_served_as_it_is();
    }

    fn swaps_without_a_failed_request(&self) {
        let load = Load::on(
            self.https,
            &["GET", "GET", "POST"],
            &["GET", "POST"],
            &[&self.ca()],
        );
        for swap in 1..=SWAPS {
            self.change_saying(&format!("Answer {swap}."));
            load.reaches(swap * REQUESTS / SWAPS);
        }
        let report = load.stop();
        report.assert_all_answered();
        assert!(report.requests() >= REQUESTS, "{}", report.text());
        println!("{SWAPS} swaps: {}", report.text());
    }

    fn the_last_good_program_serves(&self) {
        let serves = |what: &str| assert!(self.text().starts_with("Answer 10."), "{what}");
        let good = self.read("src/routes.rs");
        let before = self.line_count();
        self.write("src/routes.rs", "this is no Rust\n");
        self.says("error: could not compile", before, SOON);
        self.says(
            "it does not build; the last good program goes on",
            before,
            SOON,
        );
        serves("broken");

        let before = self.line_count();
        self.write("src/routes.rs", &good);
        let main = self.read("src/main.rs");
        let start = "fn main() -> ExitCode {";
        assert!(main.contains(start), "{main}");
        let ends = format!("{start} if true {{ return ExitCode::FAILURE; }}");
        self.write("src/main.rs", &main.replace(start, &ends));
        self.says("ended before it was ready", before, SOON);
        serves("ended");

        let before = self.line_count();
        self.write("src/main.rs", &main);
        self.says("the new program answers", before, SOON);
        self.change_saying("Mended.");
    }

    fn the_last_good_configuration_serves(&self) {
        let site = self.read("nginx/sites/https.conf");
        let shorter = site.replace("ma=86400", "ma=3600");
        assert_ne!(site, shorter);
        self.write("nginx/sites/https.conf", &shorter);
        let takes = |age: &str| {
            eventually("the edge's new answer", SOON, || {
                // A connection that meets the reload itself may have to be made again, see
                // docs/FAULTS.md.
                let response = client::try_curl(&self.ca(), &[&self.url("/")]).ok()?;
                response.header("Alt-Svc")?.ends_with(age).then_some(())
            });
        };
        takes("ma=3600");

        let before = self.line_count();
        let client = self.read("nginx/http/client.conf");
        self.write(
            "nginx/http/client.conf",
            &format!("{client}\nnonsense on;\n"),
        );
        self.says("unknown directive \"nonsense\"", before, SOON);
        self.says(
            "nginx refuses it; the one before goes on serving",
            before,
            SOON,
        );
        takes("ma=3600");
        self.write("nginx/http/client.conf", &client);
        self.write("nginx/sites/https.conf", &site);
        takes("ma=86400");
    }

    fn an_asset_is_served_as_it_is(&self) {
        let css = self.read("assets/page.css");
        assert_eq!(self.get("/assets/page.css").body, css);
        self.write("assets/page.css", "/* edited */\n");
        let response = self.get("/assets/page.css");
        assert_eq!(response.body, "/* edited */\n");
        assert_eq!(response.header("Cache-Control"), Some("no-cache"));
    }

    fn other_files_have_a_sentence(&self, more: &[(&str, &str)]) {
        let again = "./drydock dev takes it when it is started again";
        let all = [
            ("flake.nix", again),
            ("nix/stack.nix", again),
            ("Cargo.toml", "cargo takes it"),
        ];
        for &(path, sentence) in all.iter().chain(more) {
            let before = self.line_count();
            self.write(path, &format!("{}\n", self.read(path)));
            self.says(&format!("dev: {path} changed: {sentence}"), before, SOON);
        }
        // One of them has it built once more, so that this is about what cargo made of that.
        self.change_saying("Built again.");
    }

    /// With nothing to do, the loop and nginx take less than one percent of a processor, and all
    /// of it waits for something to happen instead of looking for it again and again.
    fn idles(&self) {
        let running = || {
            let name = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm"));
            let (services, others): (Vec<_>, Vec<_>) = self
                .children()
                .into_iter()
                .partition(|pid| name(pid).is_ok_and(|name| name == "app\n"));
            match (services.as_slice(), others.as_slice()) {
                (&[service], &[nginx]) => Some((service, nginx)),
                _ => None,
            }
        };
        let (service, nginx) = eventually("only nginx and the service run", SOON, running);
        let all = || [self.child.id(), nginx, service].map(Used::by);
        let before = all();
        thread::sleep(Duration::from_secs(10));
        let after = all();
        // What has ended uses nothing.
        assert_eq!(running(), Some((service, nginx)), "one of them has ended");
        let [own, nginx, service] = [0, 1, 2].map(|one| after[one].since(before[one]));
        let text = format!("the loop {own:?}, nginx {nginx:?}, the service {service:?}");
        // A tick is 10 ms.
        assert!(own.ticks + nginx.ticks < 10, "in 1000 ticks: {text}");
        // Its two workers look at the clock twice a second. What that costs a program which is
        // not optimized is more the machine's affair: 45 and 208 ms were seen for the same.
        assert!(service.ticks < 100, "in 1000 ticks: {text}");
        let wake_ups = own.wake_ups + nginx.wake_ups + service.wake_ups;
        assert!(wake_ups < 300, "in ten seconds: {text}");
        println!("idle for 1000 ticks: {text}");
    }

    /// Ctrl-C: it ends in time, and leaves nothing.
    fn stops(mut self, nothing_is_left: impl FnOnce(&Self)) {
        let start = Instant::now();
        // A shell, as the one around the containers is, does not trap a signal that was ignored
        // when it began, as SIGINT is for whatever runs in the background.
        let signal = match self.project {
            Some(_) => Signal::TERM,
            None => Signal::INT,
        };
        kill_process_group(self.pid(), signal).expect("it runs");
        let status = eventually("the end of the loop", SOON, || {
            self.child.try_wait().expect("its state")
        });
        let took = start.elapsed();
        assert!(took < STOP, "it took {took:?}");
        assert!(status.success(), "{status}");
        println!("stopped in {took:?}");
        nothing_is_left(&self);
    }

    /// Edits the text of the first line, and waits until it is served.
    fn change_saying(&self, text: &str) {
        let path = "src/routes.rs";
        let old = self.read(path);
        let line = old
            .lines()
            .find(|line| line.starts_with("const MESSAGE: &str = "));
        let line = line.expect("the line with the text");
        self.write(
            path,
            &old.replace(line, &format!("const MESSAGE: &str = \"{text}\";")),
        );
        eventually(text, SOON, || self.text().starts_with(text).then_some(()));
    }

    /// Writes as many editors do: another file, which takes the place of the old one.
    fn write(&self, path: &str, text: &str) {
        let file = self.folder.0.join("tree").join(path);
        let new = file.with_extension("new~");
        fs::write(&new, text).expect("the edit is written");
        let owner = fs::metadata(&file).expect("the file is there");
        chown(&new, Some(owner.uid()), Some(owner.gid())).expect("the edit is the owner's");
        fs::rename(&new, &file).expect("the edit is in its place");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.0.join("tree").join(path)).expect("a text")
    }

    fn get(&self, path: &str) -> Response {
        client::curl(&self.ca(), &[&self.url(path)])
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.https)
    }

    fn text(&self) -> String {
        self.get("/").body
    }

    fn tree(&self) -> PathBuf {
        self.folder.0.join("tree")
    }

    /// The development CA, of which the loop says where it is, or which a container has.
    fn ca(&self) -> PathBuf {
        if let Some(project) = &self.project {
            let ca = self.folder.0.join("ca.crt");
            if !ca.exists() {
                let from = format!("{project}-nginx-1:/etc/nginx/tls/ca.crt");
                docker(&["cp", &from, ca.to_str().expect("a path in UTF-8")]);
            }
            return ca;
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let named = lines.iter().find_map(|line| {
            let (_, path) = line.split_once("development CA, while this runs: ")?;
            Some(PathBuf::from(path))
        });
        named.expect("the line that names the CA")
    }

    /// How many lines there were so far.
    fn line_count(&self) -> usize {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Waits for a line after the first `before` ones that has this text.
    fn says(&self, text: &str, before: usize, limit: Duration) {
        eventually(text, limit, || {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines[before..]
                .iter()
                .any(|line| line.contains(text))
                .then_some(())
        });
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The processes that the loop itself has started and that run.
    fn children(&self) -> BTreeSet<u32> {
        let own = self.child.id();
        let parent = |pid: &u32| stat(*pid).and_then(|fields| fields.get(1)?.parse().ok());
        processes().filter(|pid| parent(pid) == Some(own)).collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if thread::panicking() {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let from = lines.len().saturating_sub(60);
            eprintln!("{}", lines[from..].join("\n"));
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(self.pid(), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads all lines into one list.
fn collect(stream: Option<impl std::io::Read + Send + 'static>, lines: &Arc<Mutex<Vec<String>>>) {
    let (stream, lines) = (stream.expect("a pipe"), Arc::clone(lines));
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        }
    });
}

/// Makes all of a tree a user's.
fn give(path: &Path, owner: u32) {
    chown(path, Some(owner), Some(owner)).expect("only root can do this");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder").flatten() {
            give(&entry.path(), owner);
        }
    }
}

/// What is in a tree and not this user's.
fn owned_by_others(path: &Path, owner: u32) -> Vec<PathBuf> {
    let metadata = fs::symlink_metadata(path).expect("it is there");
    let mut others = Vec::new();
    if metadata.uid() != owner {
        others.push(path.to_owned());
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("a folder").flatten() {
            others.extend(owned_by_others(&entry.path(), owner));
        }
    }
    others
}

/// Copies a tree without what was built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().expect("its kind");
        if kind.is_dir() && name != "target" && name != ".git" {
            copy(&path, &to.join(name));
        } else if kind.is_file() {
            fs::copy(&path, to.join(name)).expect("a copy");
        }
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The fields of `proc_pid_stat(5)` after the name, which may have spaces: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split(' ').map(str::to_owned).collect())
}

/// What a process has used of a processor so far.
#[derive(Clone, Copy, Debug)]
struct Used {
    /// Of user and system time.
    ticks: u64,
    /// How often one of its threads has waited, and was woken.
    wake_ups: u64,
}

impl Used {
    fn by(pid: u32) -> Self {
        let fields = stat(pid).unwrap_or_default();
        let field = |number: usize| fields.get(number).and_then(|text| text.parse::<u64>().ok());
        let threads = fs::read_dir(format!("/proc/{pid}/task"));
        Self {
            ticks: field(11).unwrap_or(0) + field(12).unwrap_or(0),
            wake_ups: threads
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|thread| {
                    let status = fs::read_to_string(thread.path().join("status")).ok()?;
                    let (_, rest) = status.split_once("\nvoluntary_ctxt_switches:")?;
                    rest.lines().next()?.trim().parse::<u64>().ok()
                })
                .sum(),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            ticks: self.ticks.saturating_sub(before.ticks),
            wake_ups: self.wake_ups.saturating_sub(before.wake_ups),
        }
    }
}

/// The processes that have a path in their command line or as their folder.
fn mentioning(path: &Path) -> Vec<String> {
    let text = path.to_str().expect("a path in UTF-8");
    let about = |pid: u32| {
        let folder = Path::new("/proc").join(pid.to_string());
        let line = fs::read(folder.join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let inside = fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd.starts_with(path));
        (inside || line.contains(text)).then_some(line)
    };
    processes().filter_map(about).collect()
}
