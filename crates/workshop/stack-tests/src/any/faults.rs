//! What a client sees when something breaks, for how long, and that it mends itself:
//! docs/FAULTS.md has the table.

pub mod app;
pub mod authority;
pub mod certificate;
pub mod edge;
pub mod load;
pub mod network;
pub mod resources;
pub mod rolling;
pub mod understudy;

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::{client::Response, service::service, stack::Stack};

/// Above every outage of this page on a busy machine; what was measured is in docs/FAULTS.md.
const BACK_SOON: Duration = Duration::from_secs(20);

/// Sends the signal to a service's first process, as the kernel would. Of `docker kill` the
/// engine remembers that it was meant, and does not start the container again.
pub fn signal(stack: &Stack, service: &str, signal: Signal) {
    let pid = stack.inspect(service)["State"]["Pid"].as_i64();
    let pid = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    kill_process(pid.expect("a running container"), signal).expect("only root can do this");
}

/// Asserts that it is one of the edge's own pages: safe, and telling nothing.
pub fn assert_safe_page(response: &Response, statuses: &[u16]) {
    assert!(statuses.contains(&response.status), "{response:?}");
    let kind = response.header("Content-Type");
    assert_eq!(kind, Some("text/plain; charset=utf-8"), "{response:?}");
    let sniff = response.header("X-Content-Type-Options");
    assert_eq!(sniff, Some("nosniff"), "{response:?}");
    assert!(response.header("Retry-After").is_some(), "{response:?}");
    assert!(response.body.len() < 200, "{response:?}");
    let body = response.body.to_lowercase();
    let port = service().port.to_string();
    for telling in ["nginx", "app", "172.", "192.", &port, "upstream"] {
        assert!(!body.contains(telling), "tells {telling}: {response:?}");
    }
}
