//! Programs that are started, waited for no longer than their limit, and quiet unless they fail.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::Error;

/// No step may take longer.
const LIMIT: Duration = Duration::from_mins(15);

/// How long one that is told to end may take.
const GRACE: Duration = Duration::from_secs(20);

/// How programs are started: where, and with what besides the caller's own environment.
#[derive(Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Place {
    /// In a folder.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            environment: BTreeMap::new(),
        }
    }

    /// The same with one more variable.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Runs a command and gives what it wrote to standard output, without the last newline.
    pub(crate) fn run<S: AsRef<str>>(&self, words: &[S]) -> Result<String, Error> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let shown = words.join(" ");
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| Error::Usage("there is no command".to_owned()))?;
        // Files and no pipes, which somebody would have to read all the time.
        let scratch = tempfile::TempDir::new()?;
        let (out, said) = (scratch.path().join("out"), scratch.path().join("said"));
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&said)?)
            .spawn()
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => Error::Absent((*program).to_owned()),
                _ => Error::System(source),
            })?;
        let begin = Instant::now();
        let mut told = false;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begin.elapsed() > LIMIT + GRACE {
                child.kill()?;
            } else if begin.elapsed() > LIMIT && !told {
                told = true;
                if let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    // It may have ended by itself just now.
                    let _ = kill_process(id, Signal::TERM);
                }
            }
            // Short against what is measured, and no busy loop beside it.
            std::thread::sleep(Duration::from_millis(2));
        };
        if begin.elapsed() > LIMIT {
            return Err(Error::TooLong {
                command: shown,
                seconds: LIMIT.as_secs(),
            });
        }
        if !status.success() {
            return Err(Error::Command {
                command: shown,
                status,
                said: last_lines(&std::fs::read(&said)?),
            });
        }
        let out = std::fs::read(&out)?;
        Ok(String::from_utf8_lossy(&out).trim_end().to_owned())
    }
}

/// The end of what a program said, which has the reason.
fn last_lines(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_gives_its_output_or_says_why_not() -> Result<(), Error> {
        let place = Place::new("/").with("DRYDOCK_BENCH_WORD", "word");
        assert_eq!(
            place.run(&["bash", "-c", "echo $DRYDOCK_BENCH_WORD; pwd"])?,
            "word\n/"
        );
        let failed = place.run(&["bash", "-c", "echo reason >&2; exit 3"]);
        assert!(matches!(failed, Err(Error::Command { said, .. }) if said == "reason"));
        let absent = place.run(&["drydock-has-no-such-program"]);
        assert!(matches!(absent, Err(Error::Absent(_))));
        Ok(())
    }

    #[test]
    fn the_last_lines_are_kept() {
        let lines: Vec<String> = (0..20).map(|line| line.to_string()).collect();
        let kept = last_lines(lines.join("\n").as_bytes());
        assert!(
            kept.starts_with("8\n9\n") && kept.ends_with("\n19"),
            "{kept}"
        );
    }
}
