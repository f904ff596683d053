//! An orderly end.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use crate::{
    program::eventually,
    stack::{Stack, docker},
};

pub fn both_stop_with_code_0_in_their_grace_period() {
    let stack = Stack::up("");
    assert_eq!(stack.curl(&[&stack.home()]).status, 200);
    for (service, grace) in [("nginx", 30), ("app", 35)] {
        let timeout = &stack.inspect(service)["Config"]["StopTimeout"];
        assert_eq!(timeout, grace, "{service}");
        let start = Instant::now();
        docker(&["stop", &stack.container(service)]);
        let taken = start.elapsed();
        let state = stack.inspect(service)["State"].clone();
        assert_eq!(state["ExitCode"], 0, "{service}: {state}");
        assert_eq!(state["OOMKilled"], false, "{service}");
        // Nothing is in flight: the limit is for connections that are.
        assert!(taken < Duration::from_secs(grace), "{service}: {taken:?}");
    }
}

/// Over plain HTTP to port 80 would not reach the app; a request whose body is not complete
/// yet is in flight for as long as the test wants.
pub fn a_request_in_flight_is_answered() {
    let stack = Stack::up("");
    let nginx = stack.container("nginx");
    let port = stack.https_port();
    let mut client = std::process::Command::new("openssl")
        .args(["s_client", "-quiet", "-servername", "localhost", "-connect"])
        .arg(format!("127.0.0.1:{port}"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("openssl starts");
    let mut to = client.stdin.take().expect("its stdin");
    let mut from = client.stdout.take().expect("its stdout");
    to.write_all(
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
    )
    .expect("a head is sent");
    to.flush().expect("a head is sent");
    // nginx says that it waits for the body (RFC 9110, section 10.1.1): the request is in flight.
    let mut head = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    from.read_exact(&mut head)
        .expect("nginx takes the request up");
    assert!(head.starts_with(b"HTTP/1.1 100 "), "{head:?}");
    to.write_all(b"ab").expect("half a body is sent");
    to.flush().expect("half a body is sent");

    let stopping = {
        let nginx = nginx.clone();
        thread::spawn(move || docker(&["stop", &nginx]))
    };
    // It stops listening at once: no new connection is accepted while the old one goes on.
    let address = format!("127.0.0.1:{port}");
    eventually("nginx stops accepting", Duration::from_secs(10), || {
        stack.try_curl(&["--max-time", "2", &stack.home()]).err()
    });
    drop(TcpStream::connect(address));
    to.write_all(b"cd").expect("the rest is sent");
    to.flush().expect("the rest is sent");
    let mut answer = String::new();
    from.read_to_string(&mut answer)
        .expect("the answer is read");
    drop(to);
    client.wait().expect("openssl ends");
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    stopping.join().expect("docker stop succeeds");
    assert_eq!(stack.inspect("nginx")["State"]["ExitCode"], 0);
}
