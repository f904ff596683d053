//! Contenders as `bench/contenders.toml` lists them, and one that runs.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tempfile::TempDir;

use crate::load;

/// How long a contender may take until it answers, and until it has stopped.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The file in the scratch folder that has what one under the counter said.
const SAID: &str = "said";

/// What is asked, and how all that it answers begins.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const FIRST_LINE: &str = "It's easier to ask forgiveness than it is to get permission.\n";
const LAST_LINE: &str = "X-Forwarded-Proto: http";

/// The tool that counts instructions, in front of a contender's own command.
const COUNTER: [&str; 3] = [
    "valgrind",
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    contender: Vec<Contender>,
}

/// One that answers with the four lines.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contender {
    /// What it is called in the results.
    pub(crate) name: String,
    command: Vec<String>,
    /// What has to succeed, or it is absent.
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    files: Vec<String>,
    /// Its instructions are counted as well.
    #[serde(default)]
    pub(crate) counted: bool,
    /// Nothing but its start is measured.
    #[serde(default)]
    pub(crate) only_start: bool,
    /// It is asked over TLS.
    #[serde(default)]
    pub(crate) tls: bool,
    /// The contender behind it.
    #[serde(default)]
    pub(crate) upstream: Option<String>,
}

/// How one is started.
#[derive(Clone, Copy)]
pub(crate) struct Start<'a> {
    /// The folder `bench`.
    pub(crate) bench: &'a Path,
    /// How many cores there are.
    pub(crate) cores: usize,
    /// Where what is behind it listens.
    pub(crate) upstream: Option<SocketAddr>,
    /// The kind of its key, as `openssl req` is told.
    pub(crate) key: &'a [&'a str],
    /// Under the tool that counts instructions.
    pub(crate) counting: bool,
}

/// The list in the folder `bench`.
pub(crate) fn list(bench: &Path) -> Result<Vec<Contender>> {
    let path = bench.join("contenders.toml");
    let list: List =
        toml::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
    Ok(list.contender)
}

/// One that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start to its first answer.
    pub(crate) started_in: Duration,
    scratch: TempDir,
}

impl Contender {
    /// Starts it and waits for its answer; `None` when its program is not there.
    pub(crate) fn start(&self, how: Start<'_>) -> Result<Option<Running>> {
        if !succeeds(&self.needs) {
            return Ok(None);
        }
        let scratch = TempDir::new()?;
        let address = free_address()?;
        let others = how.bench.join("others");
        let upstream = how.upstream.map_or_else(String::new, |at| at.to_string());
        let fill = |text: &str| {
            text.replace("{port}", &address.port().to_string())
                .replace("{cores}", &how.cores.to_string())
                .replace("{others}", &others.to_string_lossy())
                .replace("{scratch}", &scratch.path().to_string_lossy())
                .replace("{upstream}", &upstream)
        };
        for file in &self.files {
            copy_filled(&others.join(file), &scratch.path().join(file), &fill)?;
        }
        if self.tls {
            load::make_pair(scratch.path(), how.key)?;
        }
        let counter: &[&str] = if how.counting { &COUNTER } else { &[] };
        let mut words = counter
            .iter()
            .map(|word| (*word).to_owned())
            .chain(self.command.iter().map(|word| fill(word)));
        let Some(program) = words.next() else {
            return Ok(None);
        };
        // What valgrind has counted stands there; else nobody reads it.
        let stderr = if how.counting {
            std::fs::File::create(scratch.path().join(SAID))?.into()
        } else {
            Stdio::null()
        };
        let begin = Instant::now();
        let spawned = Command::new(program)
            .args(words)
            .envs(
                self.environment
                    .iter()
                    .map(|(name, value)| (name, fill(value))),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn();
        let child = match spawned {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut running = Running {
            child,
            address,
            started_in: Duration::ZERO,
            scratch,
        };
        let tls = self.tls;
        let asked = || {
            if let Some(status) = running.child.try_wait()? {
                bail!("it ended with {status}");
            }
            if tls {
                load::ask_over_tls(address)
            } else {
                Ok(ask(address))
            }
        };
        // Short against the milliseconds that are measured, and no busy loop beside it.
        wait_for(asked, is_right, Duration::from_micros(100))?;
        running.started_in = begin.elapsed();
        Ok(Some(running))
    }
}

impl Running {
    /// The resident memory of the process and of all that it has started, in KiB.
    pub(crate) fn resident_kib(&self) -> f64 {
        fn of(id: u32) -> f64 {
            let folder = format!("/proc/{id}");
            let own = std::fs::read_to_string(format!("{folder}/status"))
                .ok()
                .and_then(|status| {
                    let line = status
                        .lines()
                        .find_map(|line| line.strip_prefix("VmRSS:"))?;
                    line.trim().trim_end_matches(" kB").parse().ok()
                })
                .unwrap_or(0.0);
            let tasks = std::fs::read_dir(format!("{folder}/task"))
                .into_iter()
                .flatten();
            tasks
                .flatten()
                .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
                .flat_map(|children| {
                    children
                        .split_ascii_whitespace()
                        .filter_map(|child| child.parse().ok())
                        .collect::<Vec<u32>>()
                })
                .fold(own, |sum, child| sum + of(child))
        }
        of(self.child.id())
    }

    /// Of one that is asked over TLS.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.scratch.path().join("tls.crt")
    }

    /// Stops it, and says how many instructions it took in all.
    pub(crate) fn instructions(mut self) -> Result<f64> {
        self.stop();
        let said = fs::read(self.scratch.path().join(SAID))?;
        let said = String::from_utf8_lossy(&said);
        // ==123== Collected : 456
        said.lines()
            .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
            .with_context(|| format!("valgrind did not say what it has counted: {said}"))
    }

    fn stop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id())
            && let Some(id) = Pid::from_raw(id)
        {
            // One that has ended by itself is stopped as well.
            let _ = kill_process(id, Signal::TERM);
        }
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether a command does; none always does.
fn succeeds(command: &[String]) -> bool {
    command.split_first().is_none_or(|(program, arguments)| {
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

/// Copies a file, or a folder with all that is in it, with the words in it replaced.
fn copy_filled(from: &Path, to: &Path, fill: &dyn Fn(&str) -> String) -> Result<()> {
    if from.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy_filled(&from.join(&name), &to.join(&name), fill)?;
        }
    } else {
        let text = fs::read_to_string(from)?;
        fs::write(to, fill(&text))?;
    }
    Ok(())
}

fn is_right(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    head.starts_with("HTTP/1.1 200") && body.contains(FIRST_LINE) && body.contains(LAST_LINE)
}

/// Asks until the answer is right, for no longer than a contender may take.
pub(crate) fn wait_for(
    mut asked: impl FnMut() -> Result<String>,
    is_right: impl Fn(&str) -> bool,
    pause: Duration,
) -> Result<()> {
    let begin = Instant::now();
    loop {
        let answer = asked()?;
        if is_right(&answer) {
            return Ok(());
        }
        if begin.elapsed() > PATIENCE {
            bail!("it does not answer within {PATIENCE:?}; the last was: {answer}");
        }
        std::thread::sleep(pause);
    }
}

/// The whole answer to a request, or why there is none.
pub(crate) fn ask(address: SocketAddr) -> String {
    let answer = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(REQUEST)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    answer().unwrap_or_else(|error| error.to_string())
}

/// A port that nobody listens on now and no other contender has got, below those that Linux gives
/// to connections; the contender takes it a moment later.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(10_000);
    iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
        .take(usize::from(u16::MAX))
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .ok_or_else(|| io::ErrorKind::AddrInUse.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_lines_are_an_answer() {
        let body = format!("{FIRST_LINE}X-Forwarded-For: ::1\nX-Real-IP: ::1\n{LAST_LINE}");
        assert!(is_right(&format!("HTTP/1.1 200 OK\r\n\r\n{body}")));
        assert!(!is_right(&format!("HTTP/1.1 500 No\r\n\r\n{body}")));
        assert!(!is_right("HTTP/1.1 200 OK\r\n\r\nhello"));
    }

    #[test]
    fn what_is_needed_has_to_be_there() {
        let command = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(succeeds(&[]));
        assert!(succeeds(&command(&["true"])));
        assert!(!succeeds(&command(&["false"])));
        assert!(!succeeds(&command(&["drydock-has-no-such-program"])));
    }

    #[test]
    fn a_folder_is_copied_with_its_words_replaced() -> Result<()> {
        let scratch = TempDir::new()?;
        fs::create_dir_all(scratch.path().join("from/in"))?;
        fs::write(scratch.path().join("from/in/file"), "listen {port}")?;
        let to = scratch.path().join("to");
        copy_filled(&scratch.path().join("from"), &to, &|text| {
            text.replace("{port}", "80")
        })?;
        assert_eq!(fs::read_to_string(to.join("in/file"))?, "listen 80");
        Ok(())
    }
}
