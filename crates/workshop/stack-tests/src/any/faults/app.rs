//! The app is slow, frozen, restarted, out of memory, or answers what is no answer.

use std::time::{Duration, Instant};

use super::{
    BACK_SOON, assert_safe_page,
    load::{self, Load},
    understudy,
};
use crate::{
    client::burst,
    program::eventually,
    stack::{Stack, docker},
};

/// `proxy_read_timeout` of nginx/server/proxy.conf.
const PATIENCE: Duration = Duration::from_secs(35);

pub fn a_frozen_app_costs_a_request_35_seconds() {
    let stack = Stack::up("");
    let app = stack.container("app");
    let mut client = load::connect(&stack).expect("a connection");
    assert_eq!(client.ask("GET"), Ok((200, true)));

    docker(&["pause", &app]);
    let start = Instant::now();
    let answer = client.ask("GET");
    let taken = start.elapsed();
    docker(&["unpause", &app]);
    assert_eq!(answer, Ok((504, true)));
    assert!(taken >= PATIENCE, "{taken:?}");
    // As if nothing had been.
    assert_eq!(client.ask("GET"), Ok((200, true)));
}

pub fn a_restarted_app_is_back_soon() {
    let stack = Stack::up("");
    let load = Load::start(&stack, &["GET", "GET", "POST"], &[&stack.ca()]);
    docker(&["restart", &stack.container("app")]);
    load.goes_on();
    let mut report = load.stop();
    let outage = report.outage();
    assert!(outage < BACK_SOON, "{outage:?}");
    // The edge answers all the while.
    assert!(report.faults.is_empty(), "{}", report.text());
}

pub fn no_misbehaviour_is_passed_on() {
    let stack = understudy::stack(1);
    for path in ["/bad-header", "/half-a-head", "/huge-head", "/nothing"] {
        for version in ["--http1.1", "--http2", "--http3-only"] {
            let answer = stack.curl(&[version, &stack.https(path)]);
            assert_safe_page(&answer, &[502]);
        }
    }
    // As long as the head of a request may be.
    for version in ["--http1.1", "--http2", "--http3-only"] {
        let answer = stack.curl(&[version, &stack.https("/long-head")]);
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
        assert!(answer.list("Set-Cookie").len() > 14_000, "{answer:?}");
    }
    // Too late for another status: what counts is that no client takes these for whole.
    for path in ["/half-a-body", "/bad-status", "/nonsense"] {
        for version in ["--http1.1", "--http2", "--http3-only"] {
            let answer = stack.try_curl(&[version, &stack.https(path)]);
            assert!(answer.is_err(), "{path} {version}: {answer:?}");
        }
    }
    let slow = stack.curl(&[&stack.https("/slow")]);
    assert_eq!((slow.status, slow.body.as_str()), (200, "slow"));
    assert_eq!(stack.curl(&[&stack.https("/well")]).status, 200);

    // Until the kernel ends it.
    let answer = stack.curl(&[&stack.https("/memory")]);
    assert_safe_page(&answer, &[502]);
    eventually("the app again", BACK_SOON, || {
        let response = stack.try_curl(&[&stack.https("/well")]).ok()?;
        (response.status == 200).then_some(())
    });
    assert_ne!(stack.inspect("app")["RestartCount"], 0);
}

pub fn a_post_is_never_sent_twice() {
    let stack = understudy::stack(2);
    let ids = stack.containers("app");
    let logs = || ids.iter().map(|id| docker(&["logs", id]));
    let mut round = 0;
    for path in ["/nothing", "/half-a-head"] {
        // A GET is tried once more, on the other replica: that is how a replica can end
        // without a failed request.
        for method in ["POST", "GET"] {
            // Both replicas are in use, and some connections to them are kept.
            eventually("both replicas answer", BACK_SOON, || {
                round += 1;
                let query = format!("/well?{round}-");
                burst(&stack.ca(), &stack.https(&format!("{query}[1-20]")));
                logs().all(|log| log.contains(&query)).then_some(())
            });
            let answer = stack.curl(&["--request", method, &stack.https(path)]);
            assert_safe_page(&answer, &[502]);
            let line = format!("took {method} {path} ");
            let taken: usize = logs().map(|log| log.matches(&line).count()).sum();
            assert!(taken > 0, "{method} {path} was not sent");
            assert_eq!(taken > 1, method == "GET", "{method} {path}: {taken}");
        }
    }
}
