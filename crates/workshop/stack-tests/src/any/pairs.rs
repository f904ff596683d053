//! The pair that a user puts into nginx/tls: served when it is good, refused when it is not.

use std::{fs, process::Command};

use crate::{
    any::commands,
    pair::{BAD, clear, make_chain, own},
    program,
    service::service,
    stack::Stack,
};

pub fn a_pair_of_ones_own_is_served() {
    let stack = own();
    assert_eq!(stack.curl(&[&stack.home()]).status, 200);

    // nginx's user reads the key, and nobody else.
    let copy = format!("{}:/etc/nginx/tls/tls.key", stack.container("nginx"));
    let list = format!("docker cp {copy} - | tar --list --verbose --numeric-owner");
    let entry = program::output_of(Command::new("sh").args(["-c", &list]), program::QUICK);
    assert!(entry.starts_with("-r-------- 10002/10002 "), "{entry}");
}

pub fn a_bad_pair_stops_the_stack_with_a_sentence() {
    let stack = Stack::prepare("");
    let folder = stack.pair();
    for (name, make, reason) in BAD {
        clear(&folder);
        make(&folder);
        stack.composed(&["rm", "--force", "tls"]);
        let output = stack.compose(&["up", "--detach"]);
        assert!(!output.success, "{name}: the stack started");

        let sentence = stack.composed(&["logs", "--no-color", "--no-log-prefix", "tls"]);
        assert_eq!(sentence.lines().count(), 1, "{name}: {sentence}");
        assert!(sentence.contains(reason), "{name}: {sentence}");
        assert_eq!(stack.inspect("tls")["State"]["ExitCode"], 1, "{name}");
        assert_eq!(
            stack.inspect("nginx")["State"]["Status"],
            "created",
            "{name}"
        );
    }
}

pub fn a_chain_without_its_intermediate_is_served_with_a_warning() {
    let stack = Stack::prepare("");
    make_chain(&stack);
    let path = stack.pair().join("localhost.crt");
    let chain = fs::read_to_string(&path).expect("the chain is read");
    let end = "-----END CERTIFICATE-----\n";
    let leaf = chain.find(end).expect("a certificate") + end.len();
    let warning = "drydock: warning: /from/localhost.crt: ";
    let missing = "that of its issuer, CN=intermediate, is missing";
    // The log of `tls` has what it said at each start; what counts is the last one.
    for (text, warned) in [
        (&chain[..], false),
        (&chain[..leaf], true),
        (&chain[..], false),
    ] {
        fs::write(&path, text).expect("the chain is written");
        let output = commands::up(&stack);
        assert!(output.success, "{}", output.text());
        assert!(
            output.stdout.contains(&service().answer),
            "{}",
            output.text()
        );
        for sentence in [warning, missing] {
            let found = output.stderr.contains(sentence);
            assert_eq!(found, warned, "{sentence:?}: {}", output.text());
        }
    }
}
