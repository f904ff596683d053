//! The real program on a free port, and an HTTP/1 client that can misbehave.
//!
//! Every wait has the one [`LIMIT`], far above what is awaited, so that a slow machine does not
//! fail a test and a hanging server does.

#![allow(dead_code, clippy::unwrap_used, missing_docs)] // Each test file uses its part.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process};

pub const LIMIT: Duration = Duration::from_secs(30);

/// A running service; dropping it kills it.
pub struct App {
    child: Child,
    address: SocketAddr,
    lines: Receiver<String>,
    reader: JoinHandle<()>,
}

impl App {
    /// Starts with these variables and no others, and waits until it listens.
    pub fn start(vars: &[(&str, &str)]) -> Self {
        Self::start_as(&mut command(vars))
    }

    /// Starts this command of the service and waits until it listens.
    pub fn start_as(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line).ok());
        });
        let mut app = Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
            lines,
            reader,
        };
        let line = app.line("listening");
        app.address = address_in(&line);
        app
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on its own connection.
    pub fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    /// `GET path`, with these further lines in the head.
    pub fn get(&self, path: &str, fields: &str) -> Answer {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: test\r\n{fields}\r\n"
        ))
    }

    /// The next line of the log that holds the text; those before it are thrown away.
    pub fn line(&self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(error) => panic!("no line with {text:?}: {error}"),
            }
        }
    }

    /// Closes the other end of the program's stdout.
    pub fn close_log(&mut self) {
        // The reader ends when it cannot hand a line on, and takes the pipe with it.
        self.lines = mpsc::channel().1;
        let end = Instant::now() + LIMIT;
        while !self.reader.is_finished() {
            assert!(Instant::now() < end, "nothing is logged");
            self.get("/", "");
        }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for the end: the exit code, and the lines of the log that nobody took.
    pub fn end(mut self) -> (Option<i32>, Vec<String>) {
        let end = Instant::now() + LIMIT;
        let mut rest = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => rest.push(line),
                // stdout closes when the process ends.
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("still runs; its log: {rest:#?}"),
            }
        }
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary of the crate whose test this is, or the chassis's example, which has none.
fn program() -> PathBuf {
    if let Some(binary) = option_env!("CARGO_BIN_EXE_app") {
        return binary.into();
    }
    let test = env::current_exe().unwrap();
    let example = test.ancestors().nth(2).unwrap().join("examples/hello");
    let built = fs::metadata(&example).and_then(|file| file.modified());
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let newest = ["src", "examples"].map(|folder| newest(&here.join(folder)));
    assert!(
        built.is_ok_and(|built| newest.iter().all(|written| *written <= built)),
        "{} is not that of these sources: `cargo test` builds it, and for a test alone \
         `cargo build --example hello` does",
        example.display()
    );
    example
}

/// When the newest file in a folder was written.
fn newest(folder: &Path) -> SystemTime {
    let written = |entry: io::Result<fs::DirEntry>| {
        let (path, about) = entry
            .and_then(|entry| Ok((entry.path(), entry.metadata()?)))
            .unwrap();
        if about.is_dir() {
            newest(&path)
        } else {
            about.modified().unwrap()
        }
    };
    let files = fs::read_dir(folder).unwrap().map(written);
    files.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The program with only these variables, on a free port of loopback unless they say else.
pub fn command(vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program());
    command
        .stdin(Stdio::null())
        .env_clear()
        .env("APP_BIND", "127.0.0.1:0")
        .env("APP_WORKERS", "2")
        .envs(vars.iter().copied());
    command
}

/// Runs a program that ends by itself, which a wrong one might not do.
pub fn run(command: &mut Command) -> Output {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&child);
    let (done, waiting) = mpsc::channel::<()>();
    let guard = thread::spawn(move || {
        if waiting.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    guard.join().unwrap();
    output
}

pub fn port_in(line: &str) -> u16 {
    address_in(line).port()
}

fn address_in(line: &str) -> SocketAddr {
    let text = &line[line.find("127.").unwrap()..];
    let end = text.find(|character: char| !matches!(character, '0'..='9' | '.' | ':'));
    text[..end.unwrap_or(text.len())].parse().unwrap()
}

/// For `APP_BIND`: an address that no other test has, so that who connects once more when a
/// service has ended does not find another one's at its port.
#[cfg(target_os = "linux")]
pub fn own_address() -> String {
    static NUMBER: AtomicU8 = AtomicU8::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{number}.{high}.{low}:0")
}

/// Elsewhere loopback has one address.
#[cfg(not(target_os = "linux"))]
pub fn own_address() -> String {
    "127.0.0.1:0".to_owned()
}

pub struct Client(BufReader<TcpStream>);

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap()
    }

    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    pub fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    pub fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    /// The next answer; one to HEAD has no body, whatever its length says.
    pub fn answer_to(&mut self, method: &str) -> Answer {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            assert!(
                line.ends_with("\r\n"),
                "closed within a head: {head:?} {line:?}"
            );
            if line == "\r\n" {
                break;
            }
            head.push(line.trim_end().to_owned());
        }
        let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: String::new(),
        };
        let informational = status < 200;
        if method != "HEAD" && !informational {
            let length: usize = answer.field("content-length").unwrap().parse().unwrap();
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).unwrap();
            answer.body = String::from_utf8(body).unwrap();
        }
        answer
    }

    /// The status of the next answer, if there is one before the connection is closed.
    pub fn last_status(&mut self) -> Option<u16> {
        let more = self.0.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        more.then(|| self.answer().status)
    }

    /// Waits until the server closes the connection, with nothing more said.
    pub fn assert_closed(&mut self) {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => assert_eq!(String::from_utf8_lossy(&rest), ""),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: Vec<String>,
    pub body: String,
}

impl Answer {
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.head[1..].iter().filter_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} twice");
        value
    }
}
