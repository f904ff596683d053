//! The edge under hostile input: each case says what is sent, what is answered, and what the app
//! gets of it. The app's log is the witness for the last; meanwhile a well-behaved client has to
//! be served. docs/HOSTILE-INPUT.md has the cases as a table.

mod frames;
mod heavy;
mod http1;
mod http2;
mod http3;
mod idle;
mod siege;
mod slow;
pub mod wire;

use std::{io, thread};

use rustls::HandshakeKind;

use idle::OpenFiles;
use siege::Siege;
use wire::{Edge, PATIENCE, Protocol, Wire};

use crate::{
    any::faults::edge,
    program::eventually,
    stack::{Stack, inspect},
};

/// How many connections do a rapid reset.
const RAPID_RESETS: usize = 4;

/// How many of the requests of one of them may have reached the app before it is ended.
const RAPID_REQUESTS: usize = 2 * 128;

/// Nothing differs from what the cases say.
const AS_STATED: [String; 0] = [];

pub fn only_what_is_expected_reaches_the_app() {
    let siege = Siege::begin();
    let edge = &siege.edge;
    let mut wrong = [http1::run(edge), http2::run(edge), http3::run(edge)].concat();
    wrong.extend(early_data(&siege).err());
    assert_eq!(wrong, AS_STATED);
    let early = EARLY.map(|path| format!("GET {path}")).to_vec();
    siege.end(
        [
            http1::reaching(),
            http2::reaching(),
            http3::reaching(),
            early,
        ]
        .concat(),
    );
}

/// What a client asks for that would send its second request in the handshake.
const EARLY: [&str; 2] = ["/early-first", "/early-second"];

/// A client that resumes its session and would send early data is not allowed to (RFC 8446,
/// section 2.3): such a request can be replayed.
///
/// # Errors
/// When it is, or when the session is not resumed, so that nothing was tried.
fn early_data(siege: &Siege) -> Result<(), String> {
    let config = siege.edge.early();
    let connect = || -> io::Result<_> {
        let tcp = siege.edge.tcp(Protocol::Http1)?;
        wire::start(tcp, &config)
    };
    let mut resumed = None;
    for path in EARLY {
        let mut tls = connect().map_err(|why| why.to_string())?;
        if tls.conn.early_data().is_some() {
            return Err("early data is allowed".to_owned());
        }
        let mut wire = Wire::Tls(Box::new(tls));
        wire.send(http1::get(path, "").as_bytes());
        wire.receive_all()?;
        if let Wire::Tls(tls) = wire {
            resumed = tls.conn.handshake_kind();
        }
    }
    if resumed == Some(HandshakeKind::Resumed) {
        Ok(())
    } else {
        Err(format!("the session is not resumed: {resumed:?}"))
    }
}

pub fn slow_and_resetting_clients_are_cut_off_and_hold_nobody_up() {
    let siege = Siege::begin();
    let edge = &siege.edge;
    let wrong = thread::scope(|scope| {
        let reader = scope.spawn(|| slow::slow_reader(edge));
        let resets = scope.spawn(|| (0..RAPID_RESETS).try_for_each(|_| http2::rapid_reset(edge)));
        let resets3 = scope.spawn(|| http3::rapid_reset(edge));
        let mut wrong = slow::run(edge);
        for client in [reader, resets, resets3] {
            wrong.extend(client.join().expect("a client").err());
        }
        wrong
    });
    assert_eq!(wrong, AS_STATED);

    // How many requests get through before a client is cut off is a matter of timing; that it is
    // cut off is not.
    let mut reached = siege.requests();
    for (path, limit) in [
        (slow::READER, slow::READS),
        (http2::RAPID, RAPID_RESETS * RAPID_REQUESTS),
        (http3::RAPID, http3::RAPID_STREAMS + 1),
    ] {
        let line = format!("GET {path}");
        let count = reached.iter().filter(|other| **other == line).count();
        assert!(count < limit, "{count} of {path} reached the app");
    }
    reached.retain(|line| {
        [slow::READER, http2::RAPID, http3::RAPID]
            .iter()
            .any(|path| line.ends_with(path))
    });
    reached.extend(slow::reaching());
    siege.end(reached);
}

pub fn ten_thousand_idle_clients_fit_into_memory() {
    let siege = Siege::begin();
    let mut clients = idle::Clients::connect(&siege.edge);
    siege.assert_memory();
    clients.assert_open();
    siege.end(Vec::new());
}

pub fn the_dearest_clients_fit_into_memory_and_hold_nobody_up() {
    let _files = OpenFiles::for_clients(heavy::CLIENTS);
    let siege = Siege::begin();
    let edge = &siege.edge;
    let mut clients = heavy::Clients::default();
    for kind in [
        heavy::Clients::handshakes,
        heavy::Clients::encrypted_heads,
        heavy::Clients::heads,
        heavy::Clients::cookies,
        heavy::Clients::references,
    ] {
        kind(&mut clients, edge);
        siege.assert_memory();
    }
    heavy::initials(edge).expect("sockets");
    siege.assert_memory();
    assert_eq!(clients.refused(), 0);
    drop(clients);
    siege.end(Vec::new());
}

/// What a worker of nginx may take in the test below: half of what the clients together cost it,
/// and no less than the engine itself takes to start a container.
const LITTLE: u32 = 144 << 20;

/// Whatever clients do: where there is no more memory for them, nginx refuses them and goes on.
pub fn a_worker_at_its_bound_refuses_and_is_not_killed() {
    let _files = OpenFiles::for_clients(heavy::CLIENTS);
    let stack = Stack::up(&format!(
        "services: {{nginx: {{ulimits: {{data: {LITTLE}}}}}}}"
    ));
    let before = edge::workers(&stack);
    let siege = Edge::of(&stack);
    let mut clients = heavy::Clients::default();
    let kinds = [
        heavy::Clients::handshakes,
        heavy::Clients::heads,
        heavy::Clients::cookies,
        heavy::Clients::references,
        heavy::Clients::cookies,
        heavy::Clients::references,
    ];
    for (number, kind) in kinds.into_iter().enumerate() {
        kind(&mut clients, &siege);
        assert_eq!(
            edge::workers(&stack),
            before,
            "kind {number}: a worker has died"
        );
    }
    drop(clients);
    eventually("an answer", PATIENCE, || {
        let answer = stack.try_curl(&[&stack.home()]).ok()?;
        (answer.status == 200).then_some(())
    });
    assert_eq!(edge::workers(&stack), before, "a worker has died");
    // It was at its bound, or nothing was tried; the log apart says so.
    let errors = stack.composed(&["cp", "nginx:/var/log/nginx/error.log", "-"]);
    assert!(errors.contains("malloc"), "{errors}");
    assert_eq!(
        inspect(&stack.container("nginx"))["State"]["OOMKilled"],
        false
    );
}
