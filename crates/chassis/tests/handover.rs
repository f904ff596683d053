//! A socket that is passed from one instance to the next: no request is refused or lost.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram};
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use rustix::process::Signal;
use support::{App, Client, LIMIT, command, run};

/// The process that the shell becomes.
const ITSELF: &str = "$$";

/// The service with `passed` as descriptor 3, for the process `owner`. A shell says whose it is,
/// since a process's number is known only when it is there.
fn passing(passed: impl Into<OwnedFd>, count: &str, owner: &str, vars: &[(&str, &str)]) -> Command {
    let service = command(vars);
    let mut shell = Command::new("/bin/sh");
    let script = format!("exec 3<&0 0</dev/null; LISTEN_PID={owner} exec \"$0\"");
    shell
        .args(["-c", &script])
        .arg(service.get_program())
        .env_clear()
        .env("LISTEN_FDS", count)
        .stdin(passed.into());
    for (name, value) in service.get_envs() {
        shell.env(name, value.unwrap());
    }
    shell
}

/// An instance on this socket. Nobody's connection is kept, so that none is closed on whom is
/// about to use it.
fn instance(socket: &TcpListener) -> App {
    let vars = [
        ("APP_KEEP_ALIVE_SECONDS", "0"),
        ("APP_SHUTDOWN_SECONDS", "300"),
    ];
    let socket = socket.try_clone().unwrap();
    App::start_as(&mut passing(socket, "1", ITSELF, &vars))
}

/// A socket as a supervisor keeps it.
fn socket() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// The status of an answer, over a connection of its own.
fn ask(address: SocketAddr) -> u16 {
    let mut client = Client::connect(address);
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    client.answer().status
}

#[test]
fn a_request_in_flight_is_finished_by_the_old_instance_and_the_next_one_taken_by_the_new() {
    let (socket, address) = socket();
    let old = instance(&socket);
    assert_eq!(old.address().port(), address.port());
    let mut client = Client::connect(address);
    client.send(
        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 8\r\nX-Request-Id: begun-before\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.answer().status, 100);
    client.send("half");

    let new = instance(&socket);
    old.signal(Signal::TERM);
    old.line("draining");
    // As long as the old one is there, and after.
    for _ in 0..100 {
        assert_eq!(ask(address), 200);
    }
    client.send("half");
    let answer = client.answer();
    assert_eq!(
        (answer.status, answer.field("connection")),
        (200, Some("close"))
    );
    let (code, log) = old.end();
    assert_eq!(code, Some(0), "{log:#?}");
    assert!(
        log.iter()
            .any(|line| line.contains("request_id=begun-before")),
        "{log:#?}"
    );
    assert!(!log.iter().any(|line| line.contains("WARN")), "{log:#?}");
    assert_eq!(ask(address), 200);

    new.signal(Signal::TERM);
    assert_eq!(new.end().0, Some(0));
    // The socket is the supervisor's: it listens still, though nobody answers.
    assert!(TcpStream::connect_timeout(&address, LIMIT).is_ok());
}

#[test]
fn a_successor_has_its_metrics_where_the_old_instance_still_has_its_own() {
    let (socket, _) = socket();
    let place = support::own_address().replace(":0", ":9464");
    let vars = [("APP_METRICS_BIND", place.as_str())];
    let start = || {
        let socket = socket.try_clone().unwrap();
        App::start_as(&mut passing(socket, "1", ITSELF, &vars))
    };
    let old = start();
    let new = start();
    old.signal(Signal::TERM);
    assert_eq!(old.end().0, Some(0));
    let mut client = Client::connect(place.parse().unwrap());
    client.send("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    drop(new);
}

#[test]
fn under_load_no_connection_is_refused_and_no_request_lost() {
    let (socket, address) = socket();
    let mut current = instance(&socket);
    let stop = Arc::new(AtomicBool::new(false));
    let answers = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, answers) = (Arc::clone(&stop), Arc::clone(&answers));
            // A failure of any kind ends the thread by a panic.
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(ask(address), 200);
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for _ in 0..5 {
        let before = answers.load(Ordering::Relaxed);
        let end = Instant::now() + LIMIT;
        while answers.load(Ordering::Relaxed) < before + 200 {
            assert!(Instant::now() < end, "no answers");
            assert!(
                !clients.iter().any(thread::JoinHandle::is_finished),
                "a client failed"
            );
            thread::yield_now();
        }
        let next = instance(&socket);
        current.signal(Signal::TERM);
        let (code, log) = current.end();
        assert_eq!(code, Some(0), "{log:#?}");
        current = next;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn what_is_no_listening_tcp_socket_is_refused() {
    let (_socket, address) = socket();
    let connection = TcpStream::connect_timeout(&address, LIMIT).unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let file = File::open("/dev/null").unwrap();
    let passed: [(OwnedFd, &str); 3] = [
        (connection.into(), "it does not listen"),
        (datagrams.into(), "not a valid tcp socket"),
        (file.into(), "not a socket"),
    ];
    for (passed, why) in passed {
        let output = run(&mut passing(passed, "1", ITSELF, &[]));
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        let what = "hello: LISTEN_FDS=1: descriptor 3 is no listening TCP socket: ";
        assert!(text.starts_with(what) && text.contains(why), "{text}");
    }
    for count in ["0", "2", "one"] {
        let passed = socket().0;
        let output = run(&mut passing(passed, count, ITSELF, &[]));
        let text = String::from_utf8(output.stderr).unwrap();
        let what = format!("hello: LISTEN_FDS={count:?}: one socket can be taken; allowed is 1\n");
        assert_eq!((output.status.code(), text), (Some(1), what));
    }
}

#[test]
fn a_socket_for_another_process_is_left_alone() {
    for owner in ["1", "", "nobody"] {
        let (socket, address) = socket();
        let app = App::start_as(&mut passing(socket, "1", owner, &[]));
        assert_ne!(app.address().port(), address.port(), "{owner}");
        assert_eq!(ask(app.address()), 200);
    }
}

/// Asserts that a service says at this socket that it is ready, and then answers.
fn told(supervisor: &UnixDatagram, name: &str) {
    supervisor.set_nonblocking(true).unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let vars = [("NOTIFY_SOCKET", name), ("APP_KEEP_ALIVE_SECONDS", "0")];
    let mut child = passing(socket, "1", ITSELF, &vars).spawn().unwrap();
    let mut datagram = [0; 64];
    let end = Instant::now() + LIMIT;
    let length = loop {
        match supervisor.recv(&mut datagram) {
            Ok(length) => break length,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert!(Instant::now() < end, "nothing is said");
        thread::yield_now();
    };
    assert_eq!(&datagram[..length], b"READY=1\n");
    let status = ask(address);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(status, 200);
}

#[test]
fn whoever_wants_to_know_is_told_that_it_answers() {
    let path: PathBuf = std::env::temp_dir().join(format!("handover-{}", process::id()));
    let supervisor = UnixDatagram::bind(&path).unwrap();
    told(&supervisor, path.to_str().unwrap());
    fs::remove_file(path).unwrap();

    let name = format!("handover-{}", process::id());
    let address = UnixAddr::from_abstract_name(&name).unwrap();
    told(
        &UnixDatagram::bind_addr(&address).unwrap(),
        &format!("@{name}"),
    );
}

#[test]
fn what_cannot_serve_does_not_say_that_it_does() {
    let name = format!("unready-{}", process::id());
    let address = UnixAddr::from_abstract_name(&name).unwrap();
    let supervisor = UnixDatagram::bind_addr(&address).unwrap();
    supervisor.set_nonblocking(true).unwrap();
    let taken = socket().1.to_string();
    let holder = TcpListener::bind(&taken).unwrap();
    let vars = [
        ("NOTIFY_SOCKET", &*format!("@{name}")),
        ("APP_BIND", &taken),
    ];
    let output = run(&mut command(&vars));
    drop(holder);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = supervisor.recv(&mut [0; 64]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn one_that_does_not_listen_is_no_reason_not_to_serve() {
    let app = App::start(&[("NOTIFY_SOCKET", "@nobody-is-here")]);
    app.line("NOTIFY_SOCKET: nobody could be told");
    assert_eq!(app.get("/", "").status, 200);
}
