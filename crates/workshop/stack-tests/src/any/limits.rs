//! Rates: for one client, and for many behind one address.

use std::{fs, process};

use crate::{
    any::hostile::wire::{Edge, Protocol},
    client::burst,
    program::{QUICK, eventually},
    stack::Stack,
};

/// Above the burst that server/limits.conf allows.
const REQUESTS: usize = 500;

fn burst_on(stack: &Stack) -> Vec<u16> {
    let codes = burst(&stack.ca(), &stack.https(&format!("/burst-[1-{REQUESTS}]")));
    assert_eq!(codes.len(), REQUESTS);
    codes
}

/// The gateway is what the edge takes for the client. With a range that is reserved for
/// documentation, it looks like a public address; each test has a part of it.
fn public(part: u32) -> Stack {
    let subnet = (process::id() % 8 * 2 + part) * 16;
    Stack::up(&format!(
        "networks: {{edge: {{ipam: {{config: [{{subnet: 203.0.113.{subnet}/28}}]}}}}}}"
    ))
}

pub fn a_public_address_has_a_rate() {
    let stack = public(0);
    let codes = burst_on(&stack);
    let refused = codes.iter().filter(|&&code| code == 429).count();
    assert!(refused > 0, "none of {REQUESTS} was refused");
    // A page with all its parts is not.
    assert!(REQUESTS - refused >= 200, "{refused} were refused");
}

pub fn clients_behind_one_private_address_are_not_slowed_down() {
    let codes = burst_on(Stack::shared());
    assert!(!codes.contains(&429));
}

/// What one client may store at a time, of the 64 MB that /tmp has (server/uploads.conf).
const UPLOADS: usize = 14;

/// Bodies that never end: those above the client's part are refused, and what is no upload is not.
pub fn uploads_of_one_client_leave_room_for_others() {
    let stack = public(1);
    let edge = Edge::of(&stack);
    let body = "a".repeat(900_000);
    let heads = [
        "Content-Length: 1000000\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\n\r\nf4240\r\n".to_owned(),
    ];
    let mut held = Vec::new();
    for head in heads.iter().cycle().take(UPLOADS) {
        let mut wire = edge.connect(Protocol::Http1).expect("a connection");
        wire.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{head}{body}").as_bytes());
        held.push(wire);
    }
    let file = stack.folder("body").join("large");
    fs::write(&file, &body).expect("a large body");
    let file = format!("@{}", file.display());
    for version in ["--http1.1", "--http2", "--http3-only"] {
        let large = [version, "--data-binary", &file, &stack.home()];
        // The edge may still be reading the heads of those that are held.
        eventually("an upload too many", QUICK, || {
            (stack.curl(&large).status == 429).then_some(())
        });
        let nowhere = stack.https("/nothing-here");
        let small = [version, "--data-binary", "small", &nowhere];
        assert_eq!(stack.curl(&small).status, 404, "of the app");
        assert_eq!(stack.curl(&[version, &stack.home()]).status, 200);
        // A body that is not announced has no place in /tmp.
        let hidden = [
            "--request",
            "GET",
            "--header",
            "Content-Length:",
            "--header",
            "Transfer-Encoding: chunked",
        ];
        let hidden = [&[version][..], &hidden, &large[1..]].concat();
        let status = stack.curl(&hidden).status;
        assert!([413, 429].contains(&status), "{version}: {status}");
    }
    drop(held);
}
