//! The certificate is renewed in place, or would be, if it were a good one.

use std::{collections::BTreeSet, fs};

use super::{
    edge,
    load::{self, Load, Streams},
};
use crate::{
    pair::{BAD, P_256, clear, make_own_pair},
    program::Output,
    stack::Stack,
};

/// What `./drydock reload-tls` hands over to.
fn reload_tls(stack: &Stack) -> Output {
    stack.run("drydock-reload-tls", &[])
}

/// The certificate that a new connection gets, in DER.
fn served(stack: &Stack) -> Vec<u8> {
    let connection = load::connect(stack).expect("a connection");
    connection.certificate().expect("a certificate")
}

pub fn a_renewed_certificate_is_served_and_no_connection_dropped() {
    let stack = Stack::prepare("");
    let from = stack.pair();
    make_own_pair(&from, "localhost", &P_256);
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());
    fs::copy(from.join("localhost.crt"), stack.ca()).expect("the certificate is copied");
    let old = served(&stack);

    let renewed = stack.folder("renewed");
    make_own_pair(&renewed, "localhost", &P_256);
    let certificate = renewed.join("localhost.crt");
    let methods = ["GET", "GET", "GET", "POST"];
    let load = Load::start(&stack, &methods, &[&stack.ca(), &certificate]);
    let before = edge::workers(&stack);
    for name in ["localhost.crt", "localhost.key"] {
        fs::copy(renewed.join(name), from.join(name)).expect("the new pair is put in place");
    }
    let output = reload_tls(&stack);
    assert!(output.success, "{}", output.text());
    for sentence in ["handed over", "the new certificate is served (expires "] {
        assert!(output.stderr.contains(sentence), "{}", output.text());
    }
    edge::await_new_workers(&stack, &before);
    load.goes_on();
    let report = load.stop();
    report.assert_all_answered();

    fs::copy(&certificate, stack.ca()).expect("the certificate is copied");
    let new = served(&stack);
    assert_eq!(report.certificates, BTreeSet::from([old, new]));

    let output = reload_tls(&stack);
    let sentence = "the same certificate is served (expires ";
    assert!(
        output.success && output.stderr.contains(sentence),
        "{}",
        output.text()
    );
}

pub fn a_bad_renewal_leaves_the_old_certificate() {
    let stack = Stack::prepare("");
    let output = reload_tls(&stack);
    assert!(
        !output.success && output.stderr.contains("nginx does not run"),
        "{}",
        output.text()
    );

    let folder = stack.pair();
    make_own_pair(&folder, "localhost", &P_256);
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());
    fs::copy(folder.join("localhost.crt"), stack.ca()).expect("the certificate is copied");
    let old = served(&stack);
    let streams = Streams::start(&stack);
    for (name, make, reason) in BAD {
        clear(&folder);
        make(&folder);
        let output = reload_tls(&stack);
        assert!(!output.success, "{name} was accepted: {}", output.text());
        for sentence in [reason, "nothing was changed"] {
            assert!(
                output.stderr.contains(sentence),
                "{name}: {}",
                output.text()
            );
        }
        assert_eq!(served(&stack), old, "{name}");
    }
    streams.assert_all_answered();

    // No pair at all is a wish, too: for a development pair.
    clear(&folder);
    let output = reload_tls(&stack);
    assert!(output.success, "{}", output.text());
    for sentence in ["made a development pair", "the new certificate is served"] {
        assert!(output.stderr.contains(sentence), "{}", output.text());
    }
    stack.composed(&[
        "cp",
        "nginx:/etc/nginx/tls/ca.crt",
        &stack.ca().display().to_string(),
    ]);
    assert_eq!(stack.curl(&[&stack.home()]).status, 200);
}
