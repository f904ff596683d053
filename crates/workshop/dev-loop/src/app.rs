//! The service: built at each change, and swapped when the new program is ready.

use std::ffi::OsString;
use std::fs::{self, File};
use std::future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{self, ExitStatus};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpStream, UnixDatagram};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::args::AppOptions;
use crate::asked;
use crate::front::{Address, Front, Target};
use crate::listening;
use crate::process::{How, Process, ended};
use crate::say::say;
use crate::sources::Sources;

/// How long an old program may take to finish what it has begun, beside the new one.
const FINISH: Duration = Duration::from_mins(1);

/// The same where the new one can only start after it.
const FINISH_FIRST: Duration = Duration::from_secs(5);

/// Between two looks at whether a program listens.
const LOOK: Duration = Duration::from_millis(10);

/// After that long a program that has not said that it is ready is tried: it may be one that
/// takes its socket and says nothing.
const SAYS_NOTHING: Duration = Duration::from_millis(250);

/// The service, and what is being done to it.
#[derive(Debug)]
pub struct App {
    options: AppOptions,
    root: PathBuf,
    work: PathBuf,
    front: Front,
    /// The files that it is made of.
    pub sources: Sources,
    test_on_save: bool,
    url: Option<String>,
    ask: Option<String>,
    number: usize,
    /// When the change was seen that the current work is about.
    since: Instant,
    build: Option<Build>,
    /// The program that is next, while the one that serves ends.
    stopping: Option<(JoinHandle<()>, Program)>,
    starting: Option<Starting>,
    asking: Option<JoinHandle<Result<(), String>>>,
    running: Option<Running>,
    /// The one that served until another one was started in its place.
    before: Option<Program>,
    /// Whether it takes the socket that it is given; it is not known before one has run.
    takes_socket: bool,
    tests: Option<Process>,
    finishing: JoinSet<()>,
    /// Something changed while a new program was starting.
    again: bool,
}

#[derive(Debug)]
struct Build {
    process: Process,
    executable: JoinHandle<Option<PathBuf>>,
}

/// Why a program starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Nothing serves.
    First,
    /// It was built while another one served.
    New,
    /// A new one did not serve in its place.
    Again,
}

#[derive(Debug)]
struct Starting {
    running: Running,
    why: Start,
    /// Where it says that it is ready.
    ready: UnixDatagram,
    /// Of the socket that it is given.
    socket: SocketAddr,
    /// Of its own.
    own: Option<Address>,
    begin: Instant,
    until: Instant,
}

#[derive(Debug)]
struct Running {
    process: Process,
    program: Program,
    number: usize,
}

/// A program as it was built, which is there for as long as this is, whatever its path has
/// become.
#[derive(Debug)]
struct Program {
    path: PathBuf,
    file: File,
    identity: Identity,
}

/// Tells two builds of a program apart: cargo makes a new file for each.
type Identity = (u64, i64, i64, u64);

/// What has ended, or is ready.
#[derive(Debug)]
pub enum Event {
    /// cargo, with the program that it has made.
    Built(Result<PathBuf, String>),
    /// The old program has made room.
    Stopped,
    /// The new program takes connections, at a socket that it was given or at its own port.
    Ready {
        /// Which of the two it is.
        takes_socket: bool,
    },
    /// The new program does not.
    NotReady(String),
    /// The service is to be seen, or not.
    Asked(Result<(), String>),
    /// The program that served has ended by itself.
    Ended(ExitStatus),
    /// The tests have.
    Tested(ExitStatus),
}

impl App {
    /// Takes the address; connections wait from now on.
    ///
    /// # Errors
    /// When the address is in use, not of this machine, or not permitted.
    pub fn bind(
        options: AppOptions,
        root: &Path,
        work: &Path,
        (url, ask): (Option<String>, Option<String>),
        test_on_save: bool,
    ) -> io::Result<(Self, SocketAddr)> {
        let (front, bound) = Front::bind(options.listen)?;
        let app = Self {
            takes_socket: options.own.is_none(),
            options,
            root: root.to_owned(),
            work: work.to_owned(),
            front,
            sources: Sources::new(root, &metadata(root)),
            test_on_save,
            ask: ask.or_else(|| url.clone()),
            url,
            number: 0,
            since: Instant::now(),
            build: None,
            stopping: None,
            starting: None,
            asking: None,
            running: None,
            before: None,
            tests: None,
            finishing: JoinSet::new(),
            again: false,
        };
        Ok((app, bound))
    }

    /// Whether only tests are made of it, and these are run at all.
    #[must_use]
    pub fn is_of_tests(&self, path: &Path) -> bool {
        self.test_on_save && self.sources.is_of_tests(path)
    }

    /// Runs the tests as they are now, unless a build goes on, after which they run anyway.
    pub fn test(&mut self) {
        if self.build.is_some() || self.starting.is_some() || self.stopping.is_some() {
            return;
        }
        self.tests = None;
        match self.cargo("test", false) {
            Ok(tests) => self.tests = Some(tests),
            Err(error) => say!("error: cargo cannot be started: {error}"),
        }
    }

    /// Builds from now on what is there now. What was being built or tested is given up.
    pub fn build(&mut self) {
        self.since = Instant::now();
        if self.starting.is_some() || self.stopping.is_some() {
            self.again = true;
            return;
        }
        self.tests = None;
        if let Some(asking) = self.asking.take() {
            asking.abort();
        }
        if let Some(build) = self.build.take() {
            build.process.kill();
        }
        self.sources.begin();
        match self.cargo("build", true) {
            Ok(mut process) => {
                let stdout = process.stdout();
                let name = self.options.name.clone();
                let executable = tokio::spawn(async move {
                    let mut found = None;
                    let mut lines = BufReader::new(stdout?).lines();
                    while let Ok(Some(line)) = lines.next_line().await {
                        found = executable(&line, &name).or(found);
                    }
                    found
                });
                self.build = Some(Build {
                    process,
                    executable,
                });
            }
            Err(error) => say!("error: cargo cannot be started: {error}"),
        }
    }

    fn cargo(&self, command: &str, piped: bool) -> io::Result<Process> {
        let mut arguments: Vec<OsString> = vec![command.into()];
        arguments.extend(self.options.cargo.iter().cloned());
        if piped {
            // Diagnostics go to stderr as always; stdout says where the program is.
            arguments.extend(["--bin", &self.options.name].map(OsString::from));
            arguments.push("--message-format=json-render-diagnostics".into());
        }
        let how = How {
            last: !piped,
            piped,
            ..How::default()
        };
        Process::start(Path::new("cargo"), &arguments, &self.root, how)
    }

    /// Waits for whatever happens next.
    pub async fn event(&mut self) -> Event {
        tokio::select! {
            built = built(&mut self.build) => Event::Built(built),
            () = stopped(&mut self.stopping) => Event::Stopped,
            ready = ready(&mut self.starting) => match ready {
                Ok(takes_socket) => Event::Ready { takes_socket },
                Err(why) => Event::NotReady(why),
            },
            asked = asked(&mut self.asking) => Event::Asked(asked),
            ended = ended(self.running.as_mut().map(|running| &mut running.process)) => Event::Ended(ended),
            ended = ended(self.tests.as_mut()) => Event::Tested(ended),
        }
    }

    /// Does what follows from it.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Built(Ok(path)) => {
                self.build = None;
                self.sources.take(&path);
                self.take(&path);
            }
            Event::Built(Err(why)) => {
                self.build = None;
                self.stays(&why);
            }
            Event::Stopped => {
                if let Some((_, program)) = self.stopping.take() {
                    self.start(program, Start::New);
                }
            }
            Event::Ready { takes_socket } => self.swap(takes_socket),
            Event::NotReady(why) => self.failed(&why),
            Event::Asked(asked) => {
                self.asking = None;
                self.answers(asked);
            }
            Event::Ended(status) => {
                self.running = None;
                self.front.lead(None);
                say!(
                    "error: {} ended by itself ({status}); the next change starts it again",
                    self.options.name
                );
            }
            Event::Tested(status) if status.success() => {
                self.tests = None;
                say!("the tests pass");
            }
            Event::Tested(status) => {
                self.tests = None;
                say!("error: the tests fail ({status})");
            }
        }
        // Tasks that have ended are only counted.
        while self.finishing.try_join_next().is_some() {}
    }

    fn stays(&self, why: &str) {
        let then = match self.running {
            Some(_) => "the last good program goes on serving",
            None => "nothing serves yet",
        };
        say!("error: {why}; {then}");
    }

    /// Takes what was built, if it is another program than the one that serves.
    fn take(&mut self, path: &Path) {
        let program = match Program::open(path) {
            Ok(program) => program,
            Err(error) => return self.stays(&format!("{}: {error}", path.display())),
        };
        match self.running.take() {
            Some(running) if running.program.identity == program.identity => {
                self.running = Some(running);
                say!("nothing of it is in the program");
            }
            // What listens at a port of its own has to make room; requests wait meanwhile.
            Some(running) if !self.takes_socket => {
                self.front.lead(None);
                let unasked = self.front.finished(running.number, FINISH_FIRST);
                let stopping = tokio::spawn(async move {
                    unasked.await;
                    finish(running.process, FINISH_FIRST).await;
                });
                self.before = Some(running.program);
                self.stopping = Some((stopping, program));
            }
            Some(running) => {
                self.running = Some(running);
                self.start(program, Start::New);
            }
            None => self.start(program, Start::First),
        }
    }

    fn start(&mut self, program: Program, why: Start) {
        let path = program.path.display().to_string();
        match self.started(program, why) {
            Ok(starting) => self.starting = Some(starting),
            Err(error) => self.failed(&format!("{path}: {error}")),
        }
    }

    fn started(&mut self, program: Program, why: Start) -> io::Result<Starting> {
        if let Some(own) = &self.options.own
            && is_taken(own)
            && !(self.takes_socket && self.running.is_some())
        {
            return Err(io::Error::other(format!(
                "another program listens at {own}, which is the one of {}",
                self.options.name
            )));
        }
        self.number += 1;
        let path = self.work.join(format!("ready-{}", self.number));
        let ready = UnixDatagram::bind(&path)?;
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let how = How {
            socket: Some((socket.into(), &path)),
            ..How::default()
        };
        // By its file, which may have another path by now, or none.
        let file = format!("/proc/{}/fd/{}", process::id(), program.file.as_raw_fd());
        let file = if program.is_there() {
            &program.path
        } else {
            Path::new(&file)
        };
        let folder = self.root.join(&self.options.folder);
        let process = Process::start(file, &self.options.arguments, &folder, how)?;
        let begin = Instant::now();
        Ok(Starting {
            running: Running {
                process,
                program,
                number: self.number,
            },
            why,
            ready,
            socket: address,
            own: self.options.own.clone(),
            begin,
            until: begin + self.options.ready,
        })
    }

    /// A new program does not serve; where the old one has made room, that one starts again.
    fn failed(&mut self, why: &str) {
        if let Some(failed) = self.starting.take() {
            failed.running.process.kill();
        }
        if let Some(before) = self.before.take() {
            say!("error: {why}; the last good program is started again");
            self.start(before, Start::Again);
            return;
        }
        self.stays(why);
        self.resume();
    }

    fn swap(&mut self, takes_socket: bool) {
        let Some(new) = self.starting.take() else {
            return;
        };
        let number = new.running.number;
        let _ = fs::remove_file(self.work.join(format!("ready-{number}")));
        self.takes_socket = takes_socket;
        let address = match new.own {
            Some(own) if !takes_socket => own,
            _ => Address::Tcp(new.socket),
        };
        self.front.lead(Some(Target { number, address }));
        self.before = None;
        if let Some(old) = self.running.replace(new.running) {
            let unasked = self.front.finished(old.number, FINISH);
            self.finishing.spawn(async move {
                unasked.await;
                finish(old.process, FINISH).await;
            });
        }
        let seconds = self.since.elapsed().as_secs_f64();
        match (new.why, self.ask.clone()) {
            (Start::First, Some(url)) => {
                self.asking = Some(tokio::spawn(asked::answers(url)));
            }
            (Start::First, None) => self.answers(Ok(())),
            (Start::New, _) => say!("the new program answers, {seconds:.1} s after the change"),
            (Start::Again, _) => say!("the last good program serves again"),
        }
        if !self.resume() && self.test_on_save {
            self.test();
        }
    }

    fn answers(&self, asked: Result<(), String>) {
        let url = self.url.as_deref().unwrap_or("the service");
        let seconds = self.since.elapsed().as_secs_f64();
        match asked {
            Ok(()) => say!("{url} answers, after {seconds:.1} s"),
            Err(why) => say!(
                "error: {} serves, and {url} does not answer: {why}",
                self.options.name
            ),
        }
    }

    /// Builds once more if something has changed meanwhile.
    fn resume(&mut self) -> bool {
        let again = std::mem::take(&mut self.again);
        if again {
            self.build();
        }
        again
    }

    /// Ends all of it within the limit; only what serves is asked first.
    pub async fn stop(mut self, limit: Duration) {
        if let Some(build) = &self.build {
            build.process.kill();
        }
        if let Some(tests) = &self.tests {
            tests.kill();
        }
        // Their processes go with the tasks that own them.
        self.finishing.shutdown().await;
        if let Some((stopping, _)) = self.stopping.take() {
            stopping.abort();
            let _ = stopping.await;
        }
        let starting = self.starting.take().map(|starting| starting.running);
        for mut running in self.running.take().into_iter().chain(starting) {
            running.process.stop(limit).await;
        }
    }
}

impl Program {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let identity = identity(&file.metadata()?);
        Ok(Self {
            path: path.to_owned(),
            file,
            identity,
        })
    }

    /// Whether its path still leads to it.
    fn is_there(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|there| identity(&there) == self.identity)
    }
}

fn identity(file: &fs::Metadata) -> Identity {
    (file.ino(), file.mtime(), file.mtime_nsec(), file.len())
}

/// Whether something listens there.
fn is_taken(address: &Address) -> bool {
    match address {
        Address::Tcp(address) => listening::waiting(address.port()).is_some(),
        Address::Unix(path) => UnixStream::connect(path).is_ok(),
    }
}

/// What cargo says of the packages in a folder; nothing, where it refuses to.
fn metadata(root: &Path) -> String {
    let cargo = process::Command::new("cargo")
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(root)
        .stdin(process::Stdio::null())
        .stderr(process::Stdio::null())
        .output();
    cargo
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

/// Lets a program finish what it has begun.
async fn finish(mut old: Process, limit: Duration) {
    old.signal(Signal::TERM);
    if timeout(limit, old.ended()).await.is_err() {
        say!(
            "error: the old program did not end within {} s of SIGTERM; it is killed",
            limit.as_secs()
        );
        old.kill();
        let _ = old.ended().await;
    }
}

async fn stopped(stopping: &mut Option<(JoinHandle<()>, Program)>) {
    match stopping {
        Some((task, _)) => drop(task.await),
        None => future::pending().await,
    }
}

async fn asked(asking: &mut Option<JoinHandle<Result<(), String>>>) -> Result<(), String> {
    match asking {
        Some(task) => task.await.unwrap_or_else(|error| Err(error.to_string())),
        None => future::pending().await,
    }
}

async fn built(build: &mut Option<Build>) -> Result<PathBuf, String> {
    let Some(build) = build else {
        return future::pending().await;
    };
    let status = build
        .process
        .ended()
        .await
        .map_err(|error| error.to_string())?;
    let executable = (&mut build.executable).await.ok().flatten();
    match executable {
        _ if !status.success() => Err("it does not build".to_owned()),
        Some(executable) => Ok(executable),
        None => Err("cargo has built no such program".to_owned()),
    }
}

/// Waits until a new program takes connections; says whether at the socket that it was given.
async fn ready(starting: &mut Option<Starting>) -> Result<bool, String> {
    let Some(starting) = starting else {
        return future::pending().await;
    };
    let (own, socket) = (starting.own.as_ref(), starting.socket.port());
    let notifies = async {
        let mut text = [0; 4096];
        loop {
            let length = starting.ready.recv(&mut text).await?;
            if text[..length]
                .split(|&byte| byte == b'\n')
                .any(|line| line == b"READY=1")
            {
                return io::Result::Ok(true);
            }
        }
    };
    let listens = async {
        let mut tried = None;
        loop {
            if let Some(own) = own
                && own.connect().await.is_ok()
            {
                return io::Result::Ok(false);
            }
            if starting.begin.elapsed() > SAYS_NOTHING {
                if tried.is_none() {
                    tried = TcpStream::connect(starting.socket).await.ok();
                }
                if tried.is_some() && listening::waiting(socket) == Some(0) {
                    return Ok(true);
                }
            }
            sleep(LOOK).await;
        }
    };
    let group = starting.running.process.id();
    let late = || {
        let own = own.map_or_else(String::new, |own| format!(" listen at {own} or"));
        let others = listening::ports(group, socket);
        let list: Vec<_> = others.iter().map(u16::to_string).collect();
        let elsewhere = if list.is_empty() {
            String::new()
        } else {
            let list = list.join(", ");
            format!("; it listens at port {list}, and the setting port says where it is")
        };
        format!("the new program did not{own} say READY=1 in time{elsewhere}")
    };
    tokio::select! {
        first = timeout_at(starting.until, async {
            tokio::select! {
                notifies = notifies => notifies,
                listens = listens => listens,
            }
        }) => match first {
            Ok(first) => first.map_err(|error| error.to_string()),
            Err(_) => Err(late()),
        },
        ended = starting.running.process.ended() => Err(match ended {
            Ok(status) => format!("the new program ended before it was ready ({status})"),
            Err(error) => error.to_string(),
        }),
    }
}

/// The program that a line of cargo's is about, if it is the one of this name:
/// <https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages>
fn executable(line: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let target = &message["target"];
    let is_it = message["reason"] == "compiler-artifact"
        && target["name"] == name
        && target["kind"].as_array()?.iter().any(|kind| kind == "bin");
    is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_the_program_is() {
        let line = |reason: &str, name: &str, kind: &str, executable: &str| {
            format!(
                r#"{{"reason":"{reason}","target":{{"kind":["{kind}"],"name":"{name}"}},"executable":{executable}}}"#
            )
        };
        let found = |line: String| executable(&line, "serve");
        let program = Some(PathBuf::from("/t/serve"));
        assert_eq!(
            found(line("compiler-artifact", "serve", "bin", r#""/t/serve""#)),
            program
        );
        for other in [
            line("compiler-artifact", "other", "bin", r#""/t/other""#),
            line("compiler-artifact", "serve", "test", r#""/t/serve-1""#),
            line("compiler-artifact", "serve", "bin", "null"),
            line("build-finished", "serve", "bin", r#""/t/serve""#),
            "no JSON".to_owned(),
        ] {
            assert_eq!(found(other.clone()), None, "{other}");
        }
    }
}
