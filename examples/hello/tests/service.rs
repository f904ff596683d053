//! The program as it is shipped: it is started, asked, and told to end.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Ends with the test that has it.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_greeting_names_who_asks() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let program = Command::new(env!("CARGO_BIN_EXE_hello"))
        .env("APP_BIND", address.to_string())
        .spawn()
        .unwrap();
    let _started = Started(program);
    let limit = Instant::now() + Duration::from_secs(30);
    let mut connection = loop {
        match TcpStream::connect(address) {
            Ok(connection) => break connection,
            Err(error) => assert!(Instant::now() < limit, "it does not listen: {error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    write!(
        connection,
        "GET /greeting HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.ends_with(r#"{"greeting":"Hello, 127.0.0.1! "}"#),
        "{answer}"
    );
}
