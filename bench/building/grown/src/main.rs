//! Answers each request with one line.

use std::io::{self, Read, Write};
use std::net::TcpListener;

const BODY: &str = "edited 0 times\n";

fn main() -> io::Result<()> {
    for stream in TcpListener::bind("0.0.0.0:8000")?.incoming() {
        let mut stream = stream?;
        let _ = stream.read(&mut [0; 4096])?;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{BODY}",
            BODY.len()
        )?;
    }
    Ok(())
}
