//! An app that misbehaves on demand: this very program, run in the app's image in the app's
//! place. What it does over TCP and to its memory is real; only the intent is not.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    sync::Arc,
    thread,
    time::Duration,
};

use crate::{service::service, stack::Stack};

/// The argument that makes this program the understudy.
pub const ARGUMENT: &str = "understudy";

/// What an engine grants the understudy: enough for the program, soon used up by `/memory`.
const MEMORY: &str = "48m";

/// A stack with the understudy as its app, and so many of it.
///
/// # Panics
/// When this program needs a libc that the app's image does not have.
pub fn stack(replicas: usize) -> Stack {
    assert!(
        needs_no_libc(),
        "the app's image has no libc: build this program with -C target-feature=+crt-static, as `nix run .#test` does"
    );
    let stack = Stack::prepare("");
    let program = stack.folder("understudy").join("program");
    let this = env::current_exe().expect("the path of this program");
    fs::copy(this, &program).expect("this program is copied");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o555)).expect("the mode is set");
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

const fn needs_no_libc() -> bool {
    cfg!(target_feature = "crt-static")
}

/// Serves, each connection in a thread of its own, until it is killed.
///
/// # Errors
/// When the port cannot be had.
pub fn serve(port: &str, ready_path: &str) -> io::Result<()> {
    let port: u16 = port.parse().map_err(io::Error::other)?;
    let ready_path: Arc<str> = ready_path.into();
    for connection in TcpListener::bind(("0.0.0.0", port))?.incoming() {
        let connection = connection?;
        let ready_path = Arc::clone(&ready_path);
        thread::spawn(move || while perform(&connection, &ready_path).unwrap_or(false) {});
    }
    Ok(())
}

/// Takes one request and does what its path says; whether the connection stays.
fn perform(connection: &TcpStream, ready_path: &str) -> io::Result<bool> {
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
