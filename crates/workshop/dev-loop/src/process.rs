//! Programs that the loop starts: each in a process group of its own, so that all that it starts
//! in turn can be stopped with it, and none outlives the loop.

use std::env;
use std::ffi::OsString;
use std::future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{self, ExitStatus, Stdio};
use std::time::Duration;

use command_fds::{CommandFdExt as _, FdMapping};
use rustix::process::{Pid, Signal, getppid, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The first argument that makes this program [`transform`] itself into another one.
pub const ARGUMENT: &str = "become";

/// Where sd_listen_fds(3) has the first socket.
const FIRST_DESCRIPTOR: i32 = 3;

/// What is not handed on: it is about this program, or about one that started it.
const OWN_VARIABLES: [&str; 6] = [
    "APP_AUTOSTART",
    "APP_TEST_ON_SAVE",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
];

/// A program that runs.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Pid,
    /// Its number may be another's by now.
    over: bool,
}

/// How a program is started.
#[derive(Debug, Default)]
pub struct How<'a> {
    /// The listening socket that it gets, and whom it tells that it is ready.
    pub socket: Option<(OwnedFd, &'a Path)>,
    /// With less of the processor than others get.
    pub last: bool,
    /// Its stdout is read by the loop.
    pub piped: bool,
}

impl Process {
    /// Starts `program` in `folder`.
    ///
    /// # Errors
    /// When this program cannot be started once more. That the other one is missing is said by
    /// an exit code.
    pub fn start<'a>(
        program: &Path,
        arguments: impl IntoIterator<Item = &'a OsString>,
        folder: &Path,
        how: How<'_>,
    ) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command
            .arg(ARGUMENT)
            .arg(process::id().to_string())
            .arg(if how.last { "last" } else { "equal" })
            .arg(if how.socket.is_some() {
                "socket"
            } else {
                "alone"
            })
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::null());
        for name in OWN_VARIABLES {
            command.env_remove(name);
        }
        if let Some((socket, ready)) = how.socket {
            let passed = FdMapping {
                parent_fd: socket,
                child_fd: FIRST_DESCRIPTOR,
            };
            command.env("NOTIFY_SOCKET", ready);
            let mapped = command.as_std_mut().fd_mappings(vec![passed]);
            mapped.map_err(io::Error::other)?;
        }
        if how.piped {
            command.stdout(Stdio::piped());
        }
        let child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let group = group.ok_or_else(|| io::Error::other("a process without a number"))?;
        Ok(Self {
            child,
            group,
            over: false,
        })
    }

    /// Its number, which is that of its group as well.
    pub fn id(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// Its stdout, once, if it is read by the loop.
    pub fn stdout(&mut self) -> Option<tokio::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Sends a signal to the program alone.
    pub fn signal(&self, signal: Signal) {
        if !self.over {
            let _ = kill_process(self.group, signal);
        }
    }

    /// Waits for its end, and ends what it has left behind.
    ///
    /// # Errors
    /// When the kernel does not say how it ended.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.kill();
        self.over = true;
        Ok(status)
    }

    /// Asks it to end, asks once more, which many programs take as "at once", and ends it when
    /// it has not within the limit.
    pub async fn stop(&mut self, limit: Duration) {
        for _ in 0..2 {
            self.signal(Signal::TERM);
            if timeout(limit / 2, self.ended()).await.is_ok() {
                return;
            }
        }
        self.kill();
        let _ = self.child.wait().await;
    }

    /// Ends it, and all that it has started, at once.
    pub fn kill(&self) {
        if !self.over {
            let _ = kill_process_group(self.group, Signal::KILL);
        }
    }
}

/// Waits for the end of a process, if there is one.
pub async fn ended(process: Option<&mut Process>) -> ExitStatus {
    if let Some(process) = process
        && let Ok(status) = process.ended().await
    {
        return status;
    }
    future::pending().await
}

/// What [`Process::start`] starts: the rest of a start that only the new process can do, and
/// then the program in its place. Gives the reason when that did not work.
pub fn transform(mut arguments: impl Iterator<Item = OsString>) -> io::Error {
    let mut next = || arguments.next().unwrap_or_default();
    let (parent, order, socket, program) = (next(), next(), next(), next());
    let mut command = process::Command::new(&program);
    command.args(arguments);

    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::TERM)) {
        return error.into();
    }
    // It may have ended before that was set.
    let alive = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    if alive.as_deref() != parent.to_str() {
        return io::Error::other("whoever started this has ended");
    }
    if order == "last"
        && let Err(error) = rustix::process::nice(10)
    {
        return error.into();
    }
    if socket == "socket" {
        // Only the process itself knows its number.
        command
            .env("LISTEN_FDS", "1")
            .env("LISTEN_PID", process::id().to_string());
    }
    let error = command.exec();
    named(&program, &error)
}

fn named(program: &OsString, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", program.display()))
}

impl Drop for Process {
    /// So that nothing that it started is left, however the loop gives it up.
    fn drop(&mut self) {
        self.kill();
    }
}
