//! Contenders as `bench/contenders.toml` lists them, and one that runs.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tempfile::TempDir;

use crate::error::Error;

/// How long a contender may take until it answers, and until it has stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked, and how all that it answers begins.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const FIRST_LINE: &str = "It's easier to ask forgiveness than it is to get permission.\n";
const LAST_LINE: &str = "X-Forwarded-Proto: http\n";

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
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    files: Vec<String>,
}

/// The list in the folder `bench`.
pub(crate) fn list(bench: &Path) -> Result<Vec<Contender>, Error> {
    let path = bench.join("contenders.toml");
    let text = std::fs::read_to_string(&path).map_err(|source| Error::File {
        path: path.clone(),
        source,
    })?;
    let list: List = toml::from_str(&text).map_err(|source| Error::List {
        path,
        source: Box::new(source),
    })?;
    Ok(list.contender)
}

/// One that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start to its first answer.
    pub(crate) started_in: Duration,
    _scratch: TempDir,
}

impl Contender {
    /// Starts it and waits for its answer; `None` when its program is not there.
    pub(crate) fn start(&self, bench: &Path, cores: usize) -> Result<Option<Running>, Error> {
        let scratch = TempDir::new()?;
        let address = free_address()?;
        let others = bench.join("others");
        let fill = |text: &str| {
            text.replace("{port}", &address.port().to_string())
                .replace("{cores}", &cores.to_string())
                .replace("{others}", &others.to_string_lossy())
                .replace("{scratch}", &scratch.path().to_string_lossy())
        };
        for file in &self.files {
            let path = others.join(file);
            let text =
                std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
            std::fs::write(scratch.path().join(file), fill(&text))?;
        }
        let Some((program, arguments)) = self.command.split_first() else {
            return Ok(None);
        };
        let begin = Instant::now();
        let spawned = Command::new(program)
            .args(arguments.iter().map(|argument| fill(argument)))
            .envs(
                self.environment
                    .iter()
                    .map(|(name, value)| (name, fill(value))),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = match spawned {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut running = Running {
            child,
            address,
            started_in: Duration::ZERO,
            _scratch: scratch,
        };
        running.wait_for_answer(begin)?;
        running.started_in = begin.elapsed();
        Ok(Some(running))
    }
}

impl Running {
    fn wait_for_answer(&self, begin: Instant) -> Result<(), Error> {
        loop {
            let last = match ask(self.address) {
                Ok(answer) if is_right(&answer) => return Ok(()),
                Ok(answer) => answer,
                Err(error) => error.to_string(),
            };
            if begin.elapsed() > PATIENCE {
                return Err(Error::NoAnswer {
                    seconds: PATIENCE.as_secs(),
                    last,
                });
            }
            // Short against the milliseconds that are measured, and no busy loop beside it.
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// The resident memory of the process and of all that it has started, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        fn of(id: u32) -> u64 {
            let folder = format!("/proc/{id}");
            let own = std::fs::read_to_string(format!("{folder}/status"))
                .ok()
                .and_then(|status| {
                    let line = status
                        .lines()
                        .find_map(|line| line.strip_prefix("VmRSS:"))?;
                    line.trim().trim_end_matches(" kB").parse().ok()
                })
                .unwrap_or(0);
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
}

impl Drop for Running {
    fn drop(&mut self) {
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

fn is_right(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    // Some send the body in chunks.
    head.starts_with("HTTP/1.1 200") && body.contains(FIRST_LINE) && body.contains(LAST_LINE)
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(REQUEST)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A port that nobody listens on now; the contender takes it a moment later.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
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
}
