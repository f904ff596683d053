//! Runs a program with a limit on its time, and waits for conditions with a limit too.

use std::{
    io::{Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a client, or an engine's command that starts nothing, may take.
pub const QUICK: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// What a program that ended has left.
#[derive(Debug)]
pub struct Output {
    pub success: bool,
    /// None where a signal has ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Both streams, for clients that report on either.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs the program to its end.
///
/// # Panics
/// When the program is missing, or does not end within `limit` (it is killed then).
pub fn run(command: &mut Command, limit: Duration) -> Output {
    run_with_input(command, "", limit)
}

/// As [`run`], with a stdin that ends after `input`, which has to fit into a pipe (64 KiB).
pub fn run_with_input(command: &mut Command, input: &str, limit: Duration) -> Output {
    attempt(command, input, limit).unwrap_or_else(|why| panic!("{why}"))
}

/// As [`run`], for what is done whatever has happened: in `drop`, a second panic would end all
/// tests at once, and nothing would be removed (<https://doc.rust-lang.org/std/ops/trait.Drop.html>).
pub fn clean_up(command: &mut Command, limit: Duration) {
    match attempt(command, "", limit) {
        Ok(output) if output.success => {}
        Ok(output) => eprintln!("{command:?} failed: {}", output.text()),
        Err(why) => eprintln!("{why}"),
    }
}

/// As [`run_with_input`].
///
/// # Errors
/// Where [`run`] panics.
pub fn attempt(command: &mut Command, input: &str, limit: Duration) -> Result<Output, String> {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{shown}: cannot be started: {error}"))?;
    // A program that has ended already has no use for it.
    let _ = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(input.as_bytes()));
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());

    let Some(status) = ended(&mut child, limit) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("{shown}: did not end within {limit:?}"));
    };
    Ok(Output {
        success: status.success(),
        code: status.code(),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
    })
}

/// Runs the program, which has to succeed, and gives its trimmed stdout.
///
/// # Panics
/// As [`run`], and when the program fails.
pub fn output_of(command: &mut Command, limit: Duration) -> String {
    let output = run(command, limit);
    assert!(output.success, "{command:?} failed: {}", output.text());
    output.stdout.trim().to_owned()
}

/// Waits until `look` finds something.
///
/// # Panics
/// When it has found nothing within `limit`.
pub fn eventually<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        thread::sleep(PAUSE);
    }
}

fn read_all(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// How it has ended, if it does within the limit.
pub fn ended(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if start.elapsed() > limit {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
