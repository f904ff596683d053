//! The health check against servers that behave, and against those that do not.

use std::{
    io::{Read, Write},
    net::{Ipv6Addr, TcpListener, TcpStream},
    os::unix::net::UnixListener,
    process::{Command, Output},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

fn probe(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probe"));
    // Nothing may depend on the environment: the images have none.
    command.env_clear().args(args).output().unwrap()
}

/// A server for one connection; what it read comes out of the channel.
fn serve(
    address: impl std::net::ToSocketAddrs,
    answer: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind(address).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            request.push(byte[0]);
        }
        let _ = sender.send(String::from_utf8(request).unwrap());
        answer(&mut stream);
    });
    (port, receiver)
}

/// Probes a server that gives this answer and closes.
fn answered(answer: &'static [u8]) -> (Option<i32>, String) {
    let (port, _) = serve("127.0.0.1:0", move |stream| {
        let _ = stream.write_all(answer);
    });
    judged(&probe(&[&format!("http://127.0.0.1:{port}/")]))
}

/// The exit code and the line on stderr.
fn judged(output: &Output) -> (Option<i32>, String) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    let lines = usize::from(!output.status.success());
    assert_eq!(stderr.lines().count(), lines, "{stderr}");
    (output.status.code(), stderr)
}

#[test]
fn exit_0_for_2xx() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..],
        b"HTTP/1.0 204\r\n\r\n",
        b"HTTP/1.1 299 Fine\n\n",
    ] {
        assert_eq!(answered(answer), (Some(0), String::new()));
    }
}

#[test]
fn exit_1_for_everything_else_with_the_reason() {
    for (answer, reason) in [
        (
            &b"HTTP/1.1 503 Service Unavailable\r\n\r\n"[..],
            "status 503, wanted 2xx",
        ),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "status 404"),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: /a\r\n\r\n",
            "status 301: redirects are not followed",
        ),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "status 103"),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "not HTTP/1: it starts with \"SSH-2.0-OpenSSH_9.2",
        ),
        (b"\x15\x03\x01\x00\x02\x02\x46", "not HTTP/1"),
        (b"HTTP/1.1 200", "not HTTP/1"),
        (b"", "closed the connection without an answer"),
    ] {
        let (code, stderr) = answered(answer);
        assert_eq!(code, Some(1), "{reason}");
        assert!(stderr.contains(reason), "{reason:?} is not in: {stderr}");
    }
}

#[test]
fn the_request_names_the_host_and_closes() {
    let (port, request) = serve("127.0.0.1:0", |stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    });
    let output = probe(&[&format!("http://localhost:{port}/livez?full=1#top")]);
    assert_eq!(judged(&output).0, Some(0));
    let request = request.recv().unwrap();
    assert!(
        request.starts_with("GET /livez?full=1 HTTP/1.1\r\n"),
        "{request}"
    );
    for header in [
        &format!("Host: localhost:{port}"),
        "User-Agent: probe",
        "Connection: close",
    ] {
        assert!(
            request.contains(&format!("\r\n{header}\r\n")),
            "{header:?} is not in: {request}"
        );
    }
}

#[test]
fn ipv6_in_brackets() {
    // A build sandbox or a container may have no IPv6 at all: then there is nothing to test.
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let (port, request) = serve((Ipv6Addr::LOCALHOST, 0), |stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    });
    assert_eq!(
        judged(&probe(&[&format!("http://[::1]:{port}")])).0,
        Some(0)
    );
    assert!(
        request
            .recv()
            .unwrap()
            .contains(&format!("Host: [::1]:{port}\r\n"))
    );
}

#[test]
fn a_refused_connection_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (code, stderr) = judged(&probe(&[&format!("http://127.0.0.1:{port}/")]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("connection refused"), "{stderr}");
    assert!(
        stderr.contains(&format!("http://127.0.0.1:{port}/")),
        "{stderr}"
    );
}

#[test]
fn an_unknown_name_is_told_at_once() {
    let (code, stderr) = judged(&probe(&["http://nobody.invalid/"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("not in /etc/hosts"), "{stderr}");
}

/// How long the probe took for a server that never ends its status line.
fn slow(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Duration {
    let (port, _) = serve("127.0.0.1:0", answer);
    let start = Instant::now();
    let output = probe(&["--timeout", "1", &format!("http://127.0.0.1:{port}/")]);
    let took = start.elapsed();
    let (code, stderr) = judged(&output);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("time-out after 1 s while waiting for the status line"),
        "{stderr}"
    );
    took
}

#[test]
fn a_silent_server_meets_the_limit() {
    let took = slow(|stream| {
        // Ends when the probe hangs up.
        let _ = stream.read(&mut [0]);
    });
    assert!((900..5000).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_trickle_does_not_stretch_the_limit() {
    let took = slow(|stream| {
        for byte in b"HTTP/1.1 200 ".iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
    assert!((900..5000).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn an_address_that_does_not_answer_meets_the_limit() {
    // 192.0.2.0/24 is for documentation (RFC 5737): packets to it get lost, or the kernel has
    // no route to it; either way the probe ends in time.
    let start = Instant::now();
    let (code, _) = judged(&probe(&["--timeout", "1", "http://192.0.2.1/"]));
    assert_eq!(code, Some(1));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_endless_status_line_is_not_read_for_ever() {
    let (port, _) = serve("127.0.0.1:0", |stream| {
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    let (code, stderr) = judged(&probe(&[&format!("http://127.0.0.1:{port}/")]));
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("not HTTP/1") && stderr.len() < 200,
        "{stderr}"
    );
}

#[test]
fn exit_2_when_called_wrongly() {
    for args in [
        &[][..],
        &["https://localhost/"],
        &["localhost:80"],
        &["--timeout", "0", "http://localhost/"],
        &["--insecure", "http://localhost/"],
    ] {
        let (code, stderr) = judged(&probe(args));
        assert_eq!(code, Some(2), "{args:?}");
        assert!(
            stderr.contains("allowed") || stderr.contains("usage"),
            "{stderr}"
        );
    }
}

#[test]
fn help_and_version_exit_0() {
    let output = probe(&["--help"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("--timeout SECONDS")
    );
    let output = probe(&["--version"]);
    let version = format!("probe {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);
}

#[test]
fn any_answer_of_http_will_do_where_that_is_asked_for() {
    for (answer, code) in [
        (&b"HTTP/1.1 404 Not Found\r\n\r\n"[..], 0),
        (b"HTTP/1.1 302 Found\r\n\r\n", 0),
        (b"HTTP/1.0 500 \r\n\r\n", 0),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 1),
        (b"", 1),
    ] {
        let (port, _) = serve("127.0.0.1:0", move |stream| {
            let _ = stream.write_all(answer);
        });
        let output = probe(&["--any", &format!("http://127.0.0.1:{port}/")]);
        assert_eq!(judged(&output).0, Some(code), "{answer:?}");
    }
}

#[test]
fn a_connection_is_enough_where_that_is_asked_for() {
    // Nobody accepts it, and nothing is stderr.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("tcp://127.0.0.1:{port}");
    assert_eq!(judged(&probe(&[&url])).0, Some(0));
    drop(listener);
    assert_eq!(judged(&probe(&[&url])).0, Some(1));
}

#[test]
fn a_unix_socket_is_asked() {
    let path = std::env::temp_dir().join(format!("probe-{}.socket", std::process::id()));
    let url = format!("http://unix:{}:/ready?x", path.display());
    let (code, stderr) = judged(&probe(&[&url]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("there is no such socket"), "{stderr}");

    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 512];
        let length = stream.read(&mut request).unwrap();
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    assert_eq!(judged(&probe(&[&url])), (Some(0), String::new()));
    let request = server.join().unwrap();
    assert!(
        request.starts_with("GET /ready?x HTTP/1.1\r\nHost: localhost\r\n"),
        "{request}"
    );
    // Nobody listens any more, and the file is still there.
    let (code, stderr) = judged(&probe(&[&url]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("connection refused"), "{stderr}");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn where_nothing_listens_it_is_said_what_does() {
    let refused = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = refused.local_addr().unwrap().port();
    drop(refused);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = other.local_addr().unwrap().port();
    let (code, stderr) = judged(&probe(&[&format!("http://127.0.0.1:{port}/")]));
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("{there} of one address")),
        "{stderr}"
    );
}

#[test]
fn it_holds_until_it_is_ended() {
    let mut held = Command::new(env!("CARGO_BIN_EXE_probe"))
        .arg("--hold")
        .spawn()
        .unwrap();
    // It has begun to wait when the kernel says that it sleeps (proc_pid_stat(5)).
    let stat = format!("/proc/{}/stat", held.id());
    let limit = Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(&stat).unwrap().contains(") S ") {
        assert!(held.try_wait().unwrap().is_none() && Instant::now() < limit);
        thread::yield_now();
    }
    assert!(held.try_wait().unwrap().is_none());
    held.kill().unwrap();
    assert!(!held.wait().unwrap().success());
}
