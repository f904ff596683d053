//! Programs that are started, waited for no longer than their limit, and quiet unless they fail.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// What ends a program that takes longer than 15 minutes, and kills it 20 seconds after that. In
/// the foreground, so that an interrupt from the keyboard reaches the program as well.
const LIMIT: [&str; 4] = ["timeout", "--foreground", "--kill-after=20", "900"];

/// What it ends with when it has ended a program, and when there is none of that name.
const TOO_LONG: i32 = 124;
const NO_SUCH: i32 = 127;

/// A program cannot be had.
#[derive(Debug)]
pub(crate) struct Absent(pub(crate) String);

impl std::fmt::Display for Absent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "'{}' is not there", self.0)
    }
}

impl std::error::Error for Absent {}

/// How programs are started: where, and with what besides the caller's own environment.
#[derive(Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Place {
    /// In a folder.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            environment: Vec::new(),
        }
    }

    /// The same with one more variable.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Runs a command and gives what it wrote to standard output, without the last newline.
    pub(crate) fn run<S: AsRef<str>>(&self, words: &[S]) -> Result<String> {
        let words = words.iter().map(AsRef::as_ref).collect::<Vec<_>>();
        let output = Command::new(LIMIT[0])
            .args(&LIMIT[1..])
            .args(&words)
            .current_dir(&self.folder)
            .envs(self.environment.clone())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => Absent(LIMIT[0].to_owned()).into(),
                _ => anyhow::Error::from(error),
            })?;
        let shown = words.join(" ");
        match output.status.code() {
            Some(0) => Ok(String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned()),
            Some(NO_SUCH) => Err(Absent(shown).into()),
            Some(TOO_LONG) => bail!("'{shown}' took more than {} s", LIMIT[3]),
            _ => bail!(
                "'{shown}' ended with {}: {}",
                output.status,
                last_lines(&output.stderr)
            ),
        }
    }
}

/// Runs a program of the search path.
pub(crate) fn run<S: AsRef<str>>(words: &[S]) -> Result<String> {
    Place::new("/").run(words)
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
    fn a_command_gives_its_output_or_says_why_not() -> Result<()> {
        let place = Place::new("/").with("DRYDOCK_BENCH_WORD", "word");
        let said = place.run(&["bash", "-c", "echo $DRYDOCK_BENCH_WORD; pwd"])?;
        assert_eq!(said, "word\n/");
        let failed = place.run(&["bash", "-c", "echo reason >&2; exit 3"]);
        assert!(failed.is_err_and(|error| error.to_string().ends_with(": reason")));
        let absent = place.run(&["drydock-has-no-such-program"]);
        assert!(absent.is_err_and(|error| error.is::<Absent>()));
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
