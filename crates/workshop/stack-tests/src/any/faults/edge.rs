//! nginx is killed, drains, or reads its configuration again, while clients ask on.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use super::{
    BACK_SOON,
    load::{Fault, Load, Report, Streams},
    signal,
};
use crate::{program::eventually, stack::Stack};

/// The ids of nginx's workers on this machine.
pub fn workers(stack: &Stack) -> Vec<i32> {
    let master = &stack.inspect("nginx")["State"]["Pid"];
    let path = format!("/proc/{master}/task/{master}/children");
    let children = fs::read_to_string(path).unwrap_or_default();
    // A health check is a child for a moment, too.
    let is_worker = |id: &i32| {
        fs::read_to_string(format!("/proc/{id}/cmdline"))
            .is_ok_and(|title| title.starts_with("nginx: worker process"))
    };
    children
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .filter(is_worker)
        .collect()
}

/// Waits until all workers are others than before, and those have ended.
pub fn await_new_workers(stack: &Stack, before: &[i32]) {
    eventually("only new workers are there", BACK_SOON, || {
        let now = workers(stack);
        let all_new = !now.iter().any(|id| before.contains(id));
        (all_new && now.len() == before.len()).then_some(())
    });
}

const METHODS: [&str; 4] = ["GET", "GET", "GET", "POST"];

pub fn a_reload_under_load_fails_no_request() {
    let stack = Stack::up("");
    let load = Load::start(&stack, &METHODS, &[&stack.ca()]);
    let streams = Streams::start(&stack);
    for _ in 0..2 {
        let before = workers(&stack);
        assert!(!before.is_empty(), "no workers were found");
        signal(&stack, "nginx", Signal::HUP);
        await_new_workers(&stack, &before);
        load.goes_on();
    }
    streams.assert_all_answered();
    let report = load.stop();
    report.assert_all_answered();
    // The old workers were left without an error: each client has come to the new ones.
    assert!(report.connections >= 3 * METHODS.len(), "{}", report.text());
}

/// The signal under load, then service again: what the clients saw.
fn under_load(stack: &Stack, disturb: impl FnOnce()) -> Report {
    let load = Load::start(stack, &METHODS, &[&stack.ca()]);
    disturb();
    load.goes_on();
    load.stop()
}

fn assert_back_soon(report: &mut Report) {
    let outage = report.outage();
    assert!(outage < BACK_SOON, "{outage:?}");
}

/// Waits until the engine has started nginx again for so many times.
fn await_restart(stack: &Stack, count: u32) {
    eventually("the container is started again", BACK_SOON, || {
        (stack.inspect("nginx")["RestartCount"] == count).then_some(())
    });
}

pub fn killed_or_drained_nginx_is_back_soon() {
    let stack = Stack::up("");
    let before = workers(&stack);
    let mut report = under_load(&stack, || {
        let victim = Pid::from_raw(before[0]).expect("an id");
        kill_process(victim, Signal::KILL).expect("only root can do this");
        eventually("another worker", BACK_SOON, || {
            let now = workers(&stack);
            (now.len() == before.len() && now != before).then_some(())
        });
    });
    assert_back_soon(&mut report);
    // A worker costs the requests in flight on its own connections, and no more.
    let lost: usize = report.faults.values().sum();
    assert!(lost <= METHODS.len(), "{}", report.text());
    assert_eq!(stack.inspect("nginx")["RestartCount"], 0);

    let mut report = under_load(&stack, || {
        signal(&stack, "nginx", Signal::KILL);
        await_restart(&stack, 1);
    });
    assert_back_soon(&mut report);

    let mut report = under_load(&stack, || {
        signal(&stack, "nginx", Signal::QUIT);
        await_restart(&stack, 2);
    });
    assert_back_soon(&mut report);
    // No answer is cut off, and no request is lost that was sent.
    let unsent = |&(_, fault): &(&str, Fault)| fault == Fault::NotConnected;
    assert!(report.faults.keys().all(unsent), "{}", report.text());
}
