//! The service: built at each change, and swapped when the new program is ready.

use std::ffi::OsString;
use std::fs;
use std::future;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::UnixDatagram;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::args::AppOptions;
use crate::process::{How, Process, ended};
use crate::say;

/// How long an old program may take to finish what it has begun; a well-made one has a limit of
/// its own, below this.
const FINISH: Duration = Duration::from_mins(1);

/// The service, and what is being done to it.
#[derive(Debug)]
pub struct App {
    options: AppOptions,
    root: PathBuf,
    work: PathBuf,
    socket: TcpListener,
    test_on_save: bool,
    url: Option<String>,
    number: usize,
    /// When the change was seen that the current work is about.
    since: Instant,
    build: Option<Build>,
    starting: Option<Starting>,
    running: Option<Running>,
    tests: Option<Process>,
    finishing: JoinSet<()>,
    /// Something changed while a new program was starting.
    again: bool,
}

#[derive(Debug)]
struct Build {
    process: Process,
    executable: tokio::task::JoinHandle<Option<PathBuf>>,
}

#[derive(Debug)]
struct Starting {
    running: Running,
    /// Where it says that it is ready.
    ready: UnixDatagram,
    until: Instant,
}

#[derive(Debug)]
struct Running {
    process: Process,
    identity: Identity,
}

/// Tells two builds of a program apart: cargo makes a new file for each.
type Identity = (u64, i64, i64, u64);

/// What has ended, or is ready.
#[derive(Debug)]
pub enum Event {
    /// cargo, with the program that it has made.
    Built(Result<PathBuf, String>),
    /// The new program answers.
    Ready,
    /// The new program does not.
    NotReady(String),
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
        url: Option<String>,
        test_on_save: bool,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(options.listen)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            options,
            root: root.to_owned(),
            work: work.to_owned(),
            socket,
            test_on_save,
            url,
            number: 0,
            since: Instant::now(),
            build: None,
            starting: None,
            running: None,
            tests: None,
            finishing: JoinSet::new(),
            again: false,
        })
    }

    /// The files and folders that the program is made of.
    pub fn sources(&self) -> impl Iterator<Item = &Path> {
        self.options.sources.iter().map(PathBuf::as_path)
    }

    /// The files and folders that only the tests are made of, if they are run at all.
    pub fn tests(&self) -> impl Iterator<Item = &Path> {
        let tests = self.options.tests.iter().map(PathBuf::as_path);
        tests.filter(|_| self.test_on_save)
    }

    /// Runs the tests as they are now, unless a build goes on, after which they run anyway.
    pub fn test(&mut self) {
        if self.build.is_some() || self.starting.is_some() {
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
        if self.starting.is_some() {
            self.again = true;
            return;
        }
        self.tests = None;
        if let Some(build) = self.build.take() {
            build.process.kill();
        }
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
            ready = ready(&mut self.starting) => match ready {
                Ok(()) => Event::Ready,
                Err(why) => Event::NotReady(why),
            },
            ended = ended(self.running.as_mut().map(|running| &mut running.process)) => Event::Ended(ended),
            ended = ended(self.tests.as_mut()) => Event::Tested(ended),
        }
    }

    /// Does what follows from it.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Built(Ok(program)) => {
                self.build = None;
                self.start(&program);
            }
            Event::Built(Err(why)) => {
                self.build = None;
                self.stays(&why);
            }
            Event::Ready => self.swap(),
            Event::NotReady(why) => {
                if let Some(failed) = self.starting.take() {
                    failed.running.process.kill();
                }
                self.stays(&why);
                self.resume();
            }
            Event::Ended(status) => {
                self.running = None;
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

    fn start(&mut self, program: &Path) {
        let identity = match identity(program) {
            Ok(identity) => identity,
            Err(error) => return self.stays(&format!("{}: {error}", program.display())),
        };
        if self
            .running
            .as_ref()
            .is_some_and(|running| running.identity == identity)
        {
            say!("nothing of it is in the program");
            return;
        }
        match self.started(program, identity) {
            Ok(starting) => self.starting = Some(starting),
            Err(error) => self.stays(&format!("{}: {error}", program.display())),
        }
    }

    fn started(&mut self, program: &Path, identity: Identity) -> io::Result<Starting> {
        self.number += 1;
        let path = self.work.join(format!("ready-{}", self.number));
        let ready = UnixDatagram::bind(&path)?;
        let socket = self.socket.try_clone()?;
        let how = How {
            socket: Some((socket.into(), &path)),
            ..How::default()
        };
        let process = Process::start(program, [], &self.root, how)?;
        Ok(Starting {
            running: Running { process, identity },
            ready,
            until: Instant::now() + self.options.ready,
        })
    }

    fn swap(&mut self) {
        let Some(new) = self.starting.take() else {
            return;
        };
        let _ = fs::remove_file(self.work.join(format!("ready-{}", self.number)));
        let seconds = self.since.elapsed().as_secs_f64();
        if let Some(old) = self.running.replace(new.running) {
            say!("the new program answers, {seconds:.1} s after the change");
            self.finishing.spawn(finish(old.process));
        } else {
            let url = self.url.as_deref().unwrap_or("the service");
            say!("{url} answers, after {seconds:.1} s");
        }
        if !self.resume() && self.test_on_save {
            self.test();
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
        let starting = self.starting.take().map(|starting| starting.running);
        for mut running in self.running.take().into_iter().chain(starting) {
            running.process.stop(limit).await;
        }
    }
}

/// Lets a program finish what it has begun.
async fn finish(mut old: Process) {
    old.signal(Signal::TERM);
    if timeout(FINISH, old.ended()).await.is_err() {
        say!(
            "error: the old program did not end within {} s of SIGTERM; it is killed",
            FINISH.as_secs()
        );
        old.kill();
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

async fn ready(starting: &mut Option<Starting>) -> Result<(), String> {
    let Some(starting) = starting else {
        return future::pending().await;
    };
    let said = async {
        let mut text = [0; 4096];
        loop {
            let length = starting.ready.recv(&mut text).await?;
            if text[..length]
                .split(|&byte| byte == b'\n')
                .any(|line| line == b"READY=1")
            {
                return io::Result::Ok(());
            }
        }
    };
    tokio::select! {
        said = timeout_at(starting.until, said) => match said {
            Ok(said) => said.map_err(|error| error.to_string()),
            Err(_) => Err("the new program did not say READY=1 in time".to_owned()),
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

fn identity(program: &Path) -> io::Result<Identity> {
    let file = fs::metadata(program)?;
    Ok((file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
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
