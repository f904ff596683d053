//! An app that misbehaves on demand: this very program, run in the app's image in the app's
//! place. What it does over TCP and to its memory is real; only the intent is not.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    service::service,
    stack::{Stack, docker},
};

/// The argument that makes this program the understudy.
pub const ARGUMENT: &str = "understudy";

/// What is wrong with an image of [`commit`]: how its health check and its clients are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// 503 for its health check.
    NeverReady,
    /// 500 for everybody, from its sixth second on.
    AfterFiveSeconds,
    /// 500 for its clients.
    Errors,
}

impl Flaw {
    const ALL: [Self; 3] = [Self::NeverReady, Self::AfterFiveSeconds, Self::Errors];

    /// Whether an answer of a program that has run so long is another one, and which.
    fn status(self, is_health_check: bool, since: Duration) -> Option<&'static str> {
        match self {
            Self::NeverReady if is_health_check => Some("503 Service Unavailable"),
            Self::AfterFiveSeconds if since >= Duration::from_secs(5) => Some("500 Failed"),
            Self::Errors if !is_health_check => Some("500 Failed"),
            _ => None,
        }
    }
}

/// What an engine grants the understudy: enough for the program, soon used up by `/memory`.
const MEMORY: &str = "48m";

/// A stack with the understudy as its app, and so many of it.
///
/// # Panics
/// When this program needs a libc that the app's image does not have.
pub fn stack(replicas: usize) -> Stack {
    let stack = Stack::prepare("");
    let program = program_in(&stack.folder("understudy"));
    stack.override_with(&format!(
        "services: {{app: {{entrypoint: [/understudy, {ARGUMENT}, '{}', '{}'], scale: {replicas}, \
         mem_limit: {MEMORY}, volumes: ['{}:/understudy:ro,z']}}}}",
        service().port,
        service().ready_path,
        program.display()
    ));
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());
    stack
}

/// Makes an image of the service's, with the understudy in its place, that has a flaw.
pub fn commit(folder: &Path, flaw: Flaw, name: &str) {
    let program = program_in(folder);
    let container = docker(&["create", &service().image()]);
    let to = format!("{container}:/understudy");
    docker(&["cp", program.to_str().expect("a path in UTF-8"), &to]);
    let (port, ready) = (service().port, &service().ready_path);
    let command = format!(r#"["/understudy", "{ARGUMENT}", "{port}", "{ready}", "{flaw:?}"]"#);
    let changes = [format!("ENTRYPOINT {command}"), "CMD []".to_owned()];
    let [entrypoint, arguments] = &changes;
    docker(&[
        "commit", "--change", entrypoint, "--change", arguments, &container, name,
    ]);
    docker(&["rm", &container]);
}

/// This very program, which a container can have.
pub fn program_in(folder: &Path) -> PathBuf {
    assert!(
        needs_no_libc(),
        "the app's image has no libc: build this program with -C target-feature=+crt-static, as `nix run .#test` does"
    );
    let program = folder.join("program");
    let this = env::current_exe().expect("the path of this program");
    fs::copy(this, &program).expect("this program is copied");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o555)).expect("the mode is set");
    program
}

const fn needs_no_libc() -> bool {
    cfg!(target_feature = "crt-static")
}

/// Serves, each connection in a thread of its own, until it is killed.
///
/// # Errors
/// When the port cannot be had.
pub fn serve(port: &str, ready_path: &str, flaw: &str) -> io::Result<()> {
    let port: u16 = port.parse().map_err(io::Error::other)?;
    let ready_path: Arc<str> = ready_path.into();
    let flaw = Flaw::ALL
        .into_iter()
        .find(|known| format!("{known:?}") == flaw);
    let start = Instant::now();
    for connection in TcpListener::bind(("0.0.0.0", port))?.incoming() {
        let connection = connection?;
        let ready_path = Arc::clone(&ready_path);
        thread::spawn(move || {
            let status = |path: &str| flaw?.status(path == &*ready_path, start.elapsed());
            while perform(&connection, &ready_path, status).unwrap_or(false) {}
        });
    }
    Ok(())
}

/// Takes one request and does what its path says, unless it is to have another status; whether the
/// connection stays.
fn perform(
    connection: &TcpStream,
    ready_path: &str,
    status: impl Fn(&str) -> Option<&'static str>,
) -> io::Result<bool> {
    let mut from = BufReader::new(connection);
    let mut first = String::new();
    from.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    from.read_exact(&mut vec![0; length])?;
    // The witness of how often a request came.
    println!("took {first}");

    let mut to = connection;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    if let Some(status) = status(path) {
        write!(to, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    }
    let well = [ready_path, "/well"].contains(&path);
    let response = match path {
        _ if well => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n",
        "/bad-header" => "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        "/bad-status" => "HTTP/1.1 nonsense\r\n\r\n",
        "/half-a-head" => "HTTP/1.1 200 OK\r\nContent-Le",
        "/half-a-body" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "/nonsense" => "\u{0}\u{1}\u{2} this is no HTTP\r\n\r\n",
        "/nothing" => "",
        "/huge-head" => {
            let filler = "a".repeat(100_000);
            write!(to, "HTTP/1.1 200 OK\r\nX-Filler: {filler}\r\n\r\n")?;
            return Ok(false);
        }
        "/long-head" => {
            // As large as two session cookies get, and more.
            let cookie = format!("Set-Cookie: a={}\r\n", "a".repeat(7000)).repeat(2);
            write!(
                to,
                "HTTP/1.1 200 OK\r\n{cookie}Content-Length: 3\r\n\r\nok\n"
            )?;
            return Ok(true);
        }
        "/slow" => {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")?;
            for byte in b"slow" {
                thread::sleep(Duration::from_millis(500));
                to.write_all(&[*byte])?;
            }
            return Ok(true);
        }
        "/memory" => use_up_memory(),
        _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    };
    to.write_all(response.as_bytes())?;
    Ok(well)
}

/// Writes to more and more memory, until the kernel ends this process.
fn use_up_memory() -> ! {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; 1 << 20]);
    }
}
