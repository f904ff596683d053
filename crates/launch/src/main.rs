//! `launch CONFIGURATION SCRATCH NGINX [ARGUMENT]...` becomes nginx. See [`drydock_launch`].
//!
//! All that is unsafe is in this file: what the kernel hands over at the start of a program, and
//! the start of another, which a standard library would else have made safe.
#![no_std]
#![no_main]
#![expect(
    unsafe_code,
    reason = "the entry point, its arguments and the start of a program come from the kernel"
)]

use core::{
    ffi::CStr,
    fmt::{self, Write},
    ptr, slice, str,
    time::Duration,
};

use drydock_launch::{
    ACME, HELP, KUBERNETES, METRICS_BIND, Machine, PROXY_PROTOCOL, TRUSTED_PROXIES, certificate,
    looks_up,
};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{self, FileType, Mode, OFlags},
    io::{self, Errno},
    net::{AddressFamily, SocketFlags, SocketType, socket_with},
    pipe::{PipeFlags, pipe_with},
    process::{Pid, Signal, WaitOptions, getpid, getppid, kill_process, waitpid},
    runtime::{Fork, How, KernelSigSet, execve, kernel_fork, kernel_sigprocmask, kernel_sigwait},
    stdio::{dup2_stdout, stderr, stdout},
    thread::{Timespec, nanosleep},
};

// It is called by nothing here, but calls what is below.
extern crate origin;

/// As sysexits.h has them: how it was called, what it could not do, and how it was configured.
const USAGE: u8 = 64;
const OSERR: u8 = 71;
const CONFIG: u8 = 78;

/// How long a path and a file may be, and how many arguments nginx gets, in bytes and pieces.
const MAX_PATH: usize = 4096;
const MAX_FILE: usize = 1 << 14;
const MAX_ARGUMENTS: usize = 64;

/// How often it is seen whether there is another certificate.
const LOOK: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// Called once, by the start of the program.
// SAFETY: the name and the signature are those that origin declares.
#[unsafe(no_mangle)]
extern "Rust" fn origin_main(count: usize, texts: *mut *mut u8, environment: *mut *mut u8) -> i32 {
    // SAFETY: the kernel puts so many pointers there, each to a text that ends in a zero
    // (execve(2)); they stay where they are until the program ends.
    let arguments = unsafe { slice::from_raw_parts(texts, count) };
    launch(arguments, environment)
        .unwrap_or_else(|code| code)
        .into()
}

/// Says something in one line.
macro_rules! say {
    ($($text:tt)*) => {{
        // SAFETY: nothing here closes a descriptor that it did not open.
        let _ = writeln!(Output(unsafe { stderr() }), "launch: {}", format_args!($($text)*));
    }};
}

/// Says why nothing is started, and ends with this code.
macro_rules! refuse {
    ($code:expr, $($text:tt)*) => {{
        say!($($text)*);
        return Err($code);
    }};
}

/// Says what the system refused.
macro_rules! failed {
    ($error:expr, $($text:tt)*) => {
        refuse!(OSERR, "{}: {}", format_args!($($text)*), described($error))
    };
}

mod counting;

fn launch(arguments: &[*mut u8], environment: *mut *mut u8) -> Result<u8, u8> {
    let text = |index: usize| arguments.get(index).and_then(|pointer| text_at(*pointer));
    if let (Some("--help" | "-h"), None) = (text(1), arguments.get(2)) {
        // SAFETY: as above.
        let _ = Output(unsafe { stdout() }).write_str(HELP);
        return Ok(0);
    }
    let (Some(configuration), Some(scratch), Some(_)) = (text(1), text(2), text(3)) else {
        refuse!(
            USAGE,
            "allowed is launch CONFIGURATION SCRATCH NGINX [ARGUMENT]..."
        );
    };
    if arguments.len() > MAX_ARGUMENTS {
        refuse!(USAGE, "allowed are at most {MAX_ARGUMENTS} arguments");
    }

    let (mut resolv, mut addresses, mut upstreams) = ([0; MAX_FILE], [0; MAX_FILE], [0; MAX_FILE]);
    let machine = Machine {
        resolv: read("/etc/resolv.conf", &mut resolv).unwrap_or_default(),
        addresses: read("/proc/net/if_inet6", &mut addresses).unwrap_or_default(),
        kubernetes: variable(environment, KUBERNETES),
        trusted: variable(environment, TRUSTED_PROXIES),
        proxy_protocol: variable(environment, PROXY_PROTOCOL),
        metrics: variable(environment, METRICS_BIND),
    };
    let source = Path::of(format_args!("{configuration}/upstreams.conf"))?;
    let upstreams = match read(source.as_str(), &mut upstreams) {
        Ok(text) => text,
        Err(error) => failed!(error, "\"{}\"", source.as_str()),
    };
    let mut edge = Text::<MAX_FILE>::default();
    match machine.write(upstreams, &mut edge) {
        Ok(Ok(())) => {}
        Ok(Err(fmt::Error)) => refuse!(OSERR, "{} is too long", source.as_str()),
        Err(refusal) => refuse!(CONFIG, "{refusal}"),
    }
    let sites = match (ipv6_is_there(), machine.speaks_proxy_protocol() == Ok(true)) {
        (false, false) => "sites/*.conf",
        (true, false) => "sites-ipv6.conf",
        (false, true) => "sites-proxy.conf",
        (true, true) => "sites-ipv6-proxy.conf",
    };
    let metrics = machine.metrics_bind().ok().flatten();
    let also = metrics.map(|_| "http/launched/metrics.conf");
    for file in [sites].into_iter().chain(also) {
        if writeln!(edge, "include {configuration}/{file};").is_err() {
            refuse!(OSERR, "{} is too long", source.as_str());
        }
    }
    let target = Path::of(format_args!("{scratch}/edge.conf"))?;
    if let Err(error) = put(target.as_str(), edge.as_str()) {
        failed!(error, "cannot write \"{}\"", target.as_str());
    }
    if !machine.has_name_server() && looks_up(upstreams) {
        say!("/etc/resolv.conf names no name server, so that Docker's is asked");
    }

    let main = Path::of(format_args!("{configuration}/launched.conf\0"))?;
    let renewed = !variable(environment, ACME).is_empty();
    let listener = metrics.map(counting::listen_at).transpose()?;
    become_nginx(&arguments[3..], main.as_str(), environment, || {
        if let Some(listener) = listener {
            counting::start(listener, configuration, scratch)?;
        }
        if renewed {
            watch(configuration, scratch)?;
        }
        Ok(())
    })
}

/// The C library's words for what happens to files and addresses; its number for the rest, see errno(3).
fn described(error: Errno) -> impl fmt::Display {
    fmt::from_fn(move |f| match error {
        Errno::NOENT => f.write_str("No such file or directory"),
        Errno::ACCESS | Errno::PERM => f.write_str("Permission denied"),
        Errno::ROFS => f.write_str("Read-only file system"),
        Errno::NOSPC => f.write_str("No space left on device"),
        Errno::ADDRINUSE => f.write_str("Address already in use"),
        Errno::ADDRNOTAVAIL => f.write_str("Cannot assign requested address"),
        error => write!(f, "error {} of the system", error.raw_os_error()),
    })
}

/// Whether the kernel has IPv6 at all: nginx would not start if it were to listen there.
fn ipv6_is_there() -> bool {
    socket_with(
        AddressFamily::INET6,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .is_ok()
}

/// Runs the program with `-c` and this path, which ends in a zero, before its other arguments, and
/// beside it what is started first.
fn become_nginx(
    command: &[*mut u8],
    path: &str,
    environment: *mut *mut u8,
    beside: impl FnOnce() -> Result<(), u8>,
) -> Result<u8, u8> {
    let mut all = [ptr::null::<u8>(); MAX_ARGUMENTS + 3];
    all[0] = command[0];
    all[1] = c"-c".as_ptr().cast();
    all[2] = path.as_ptr();
    for (to, from) in all[3..].iter_mut().zip(&command[1..]) {
        *to = *from;
    }
    // SAFETY: as above.
    let (output, program) = unsafe { (stdout(), CStr::from_ptr(command[0].cast())) };
    let is_socket = fs::fstat(output)
        .is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::Socket);
    let run = || {
        beside()?;
        // SAFETY: both lists end in a null pointer, and each text in a zero.
        let error = unsafe { execve(program, all.as_ptr(), environment.cast_const().cast()) };
        failed!(
            error,
            "cannot start {}",
            program.to_str().unwrap_or("nginx")
        );
    };
    if is_socket {
        relayed(output, run)
    } else {
        run()
    }
}

/// What is seen of a file: another one has another number, or another time.
type Seen = (u64, i64, u64);

/// Leaves a process behind that tells the caller, which becomes nginx, of each new certificate.
/// nginx reads a pair only when it is told to, and drops no connection then:
/// <https://nginx.org/en/docs/control.html#reconfiguration>. It is in here, since whoever renews the
/// pair has no way into this container, and need not know how many of them there are.
fn watch(configuration: &str, scratch: &str) -> Result<(), u8> {
    let mut buffer = [0; MAX_FILE];
    let file = certificate_in(configuration, &mut buffer)?;
    let runs = Path::of(format_args!("{scratch}/nginx.pid"))?;
    let nginx = getpid();
    // What is there now is what nginx reads as it starts.
    let mut seen = look_at(file);
    if let Fork::ParentOf(_) = fork()? {
        return Ok(());
    }
    close_streams();
    loop {
        let _ = nanosleep(&LOOK);
        if getppid() != Some(nginx) {
            return Err(0);
        }
        // Before it has written this file, the signal would end it.
        let now = look_at(file);
        if now.is_some() && now != seen && fs::stat(runs.as_str()).is_ok() {
            let _ = kill_process(nginx, Signal::HUP);
            seen = now;
        }
    }
}

/// Of a process that has nothing to say, and would keep open what nobody else writes to.
fn close_streams() {
    for descriptor in 0..3 {
        // SAFETY: nothing uses them.
        unsafe { io::close(descriptor) };
    }
}

fn certificate_in<'a>(configuration: &str, buffer: &'a mut [u8]) -> Result<&'a str, u8> {
    let source = Path::of(format_args!("{configuration}/server/tls.conf"))?;
    let text = match read(source.as_str(), buffer) {
        Ok(text) => text,
        Err(error) => failed!(error, "\"{}\"", source.as_str()),
    };
    let Some(file) = certificate(text) else {
        refuse!(CONFIG, "{} names no certificate", source.as_str());
    };
    Ok(file)
}

fn look_at(file: &str) -> Option<Seen> {
    let is = fs::stat(file).ok()?;
    Some((is.st_ino, is.st_mtime, is.st_mtime_nsec))
}

/// nginx opens /dev/stdout by its name, which nothing can do where that is a socket, as it is below
/// systemd: then it writes into a pipe, and one process passes on what comes out. This one, which
/// the container ends with, waits for both, so that no line is lost.
fn relayed(output: BorrowedFd<'_>, run: impl FnOnce() -> Result<u8, u8>) -> Result<u8, u8> {
    let (from, into) = match pipe_with(PipeFlags::CLOEXEC) {
        Ok(ends) => ends,
        Err(error) => failed!(error, "cannot make a pipe"),
    };
    let mut signals = KernelSigSet::empty();
    // The last one is for the reader that goes away.
    for signal in [
        Signal::CHILD,
        Signal::HUP,
        Signal::INT,
        Signal::QUIT,
        Signal::TERM,
        Signal::USR1,
        Signal::USR2,
        Signal::WINCH,
        Signal::PIPE,
    ] {
        signals.insert(signal);
    }
    // SAFETY: nothing here depends on a signal being delivered, and there is no libc.
    let before = match unsafe { kernel_sigprocmask(How::BLOCK, Some(&signals)) } {
        Ok(before) => before,
        Err(error) => failed!(error, "cannot hold signals back"),
    };
    let relay = match fork()? {
        Fork::Child(_) => {
            drop(into);
            pass_on(&from, output);
            return Ok(0);
        }
        Fork::ParentOf(pid) => pid,
    };
    let nginx = match fork()? {
        Fork::Child(_) => {
            if let Err(error) = dup2_stdout(&into) {
                failed!(error, "cannot write into a pipe");
            }
            // SAFETY: as above.
            let _ = unsafe { kernel_sigprocmask(How::SETMASK, Some(&before)) };
            return run();
        }
        Fork::ParentOf(pid) => pid,
    };
    // The relay ends when nobody can write any more.
    drop((from, into));
    let code = ended(nginx, &signals);
    let _ = waitpid(Some(relay), WaitOptions::empty());
    Ok(code)
}

fn fork() -> Result<Fork, u8> {
    // SAFETY: there is one thread, and nothing that a second process must not touch.
    match unsafe { kernel_fork() } {
        Ok(fork) => Ok(fork),
        Err(error) => failed!(error, "cannot start a process"),
    }
}

/// Hands each signal on until the process has ended, and gives its exit code.
fn ended(process: Pid, signals: &KernelSigSet) -> u8 {
    loop {
        // SAFETY: as above.
        match unsafe { kernel_sigwait(signals) } {
            Ok(Signal::CHILD) => {
                if let Ok(Some((_, status))) = waitpid(Some(process), WaitOptions::NOHANG) {
                    let of_signal = status.terminating_signal().map(|signal| 128 + signal);
                    let code = status.exit_status().or(of_signal).unwrap_or_default();
                    return u8::try_from(code).unwrap_or(OSERR);
                }
            }
            Ok(signal) => {
                let _ = kill_process(process, signal);
            }
            Err(_) => {}
        }
    }
}

/// Until nobody writes any more. What cannot be written is lost, and nginx goes on.
fn pass_on(from: &OwnedFd, to: BorrowedFd<'_>) {
    let mut buffer = [0; MAX_PATH];
    loop {
        match io::read(from, &mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                let _ = write_all(to, &buffer[..count]);
            }
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// The value of an environment variable; nothing where there is none, or none that is text.
fn variable<'a>(environment: *mut *mut u8, name: &str) -> &'a str {
    let mut next = environment;
    loop {
        // SAFETY: the list ends in a null pointer, which is not passed.
        let pointer = unsafe { *next };
        if pointer.is_null() {
            return "";
        }
        let value = text_at(pointer)
            .and_then(|text| text.strip_prefix(name))
            .and_then(|rest| rest.strip_prefix('='));
        if let Some(value) = value {
            return value;
        }
        // SAFETY: as above.
        next = unsafe { next.add(1) };
    }
}

fn text_at<'a>(pointer: *mut u8) -> Option<&'a str> {
    // SAFETY: each pointer that the kernel hands over leads to a text that ends in a zero.
    unsafe { CStr::from_ptr(pointer.cast()) }.to_str().ok()
}

/// The text of a file.
fn read<'a>(path: &str, buffer: &'a mut [u8]) -> io::Result<&'a str> {
    text_of(
        &fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?,
        buffer,
    )
}

/// All that can be read.
fn text_of<'a>(file: &OwnedFd, buffer: &'a mut [u8]) -> io::Result<&'a str> {
    let mut filled = 0;
    loop {
        match io::read(file, &mut buffer[filled..]) {
            // Nothing is left of the buffer, or of the file.
            Ok(0) if filled == buffer.len() => return Err(Errno::FBIG),
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    str::from_utf8(&buffer[..filled]).map_err(|_| Errno::ILSEQ)
}

/// A file with this text. One that has it is left alone: nginx may be reading it.
fn put(path: &str, text: &str) -> io::Result<()> {
    if read(path, &mut [0; MAX_FILE]).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let file = fs::open(path, flags, Mode::from_raw_mode(0o644))?;
    write_all(file.as_fd(), text.as_bytes())
}

fn write_all(to: BorrowedFd<'_>, mut rest: &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        match io::write(to, rest) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where sentences go.
struct Output<'a>(BorrowedFd<'a>);

impl Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_all(self.0, text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// A text of bounded length.
struct Text<const MAX: usize> {
    bytes: [u8; MAX],
    length: usize,
}

type Path = Text<MAX_PATH>;

impl<const MAX: usize> Default for Text<MAX> {
    fn default() -> Self {
        Self {
            bytes: [0; MAX],
            length: 0,
        }
    }
}

impl<const MAX: usize> Text<MAX> {
    fn of(pieces: fmt::Arguments<'_>) -> Result<Self, u8> {
        let mut text = Self::default();
        if text.write_fmt(pieces).is_err() {
            refuse!(USAGE, "allowed are paths of at most {MAX} bytes");
        }
        Ok(text)
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl<const MAX: usize> Write for Text<MAX> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
