//! Replicas of the app are replaced while clients with keep-alive connections ask on.

use super::load::{Load, Streams};
use crate::stack::{Stack, docker};

/// New replicas first, then the old ones away one by one, as docs/FAULTS.md tells to do it.
pub fn replicas_are_replaced_without_a_failed_request() {
    let stack = Stack::up("services: {app: {scale: 2}}");
    let old = stack.containers("app");
    let load = Load::start(&stack, &["GET", "GET", "GET", "POST"], &[&stack.ca()]);
    let streams = Streams::start(&stack);

    let scale = ["--scale", "app=4", "--no-recreate", "--no-deps", "app"];
    let up = ["up", "--detach", "--wait", "--wait-timeout", "60"];
    stack.composed(&[&up[..], &scale].concat());
    load.goes_on();
    for container in &old {
        docker(&["stop", container]);
        // A deploy rings no operator's alarm.
        let log = docker(&["logs", container]);
        let alarm = |line: &&str| {
            [" WARN ", " ERROR "]
                .iter()
                .any(|level| line.contains(level))
        };
        assert_eq!(log.lines().find(alarm), None);
        docker(&["rm", container]);
        load.goes_on();
    }

    streams.assert_all_answered();
    load.stop().assert_all_answered();
    let new = stack.containers("app");
    assert_eq!(new.len(), 2);
    assert!(!new.iter().any(|id| old.contains(id)), "{new:?} {old:?}");
}
