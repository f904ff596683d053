//! More than one app.

use std::time::Duration;

use crate::{
    program::eventually,
    stack::{Stack, docker},
};

const REPLICAS: usize = 3;

pub fn requests_spread_over_all_replicas() {
    let stack = Stack::up("");
    let scale = format!("app={REPLICAS}");
    stack.composed(&[
        "up",
        "--detach",
        "--wait",
        "--no-recreate",
        "--scale",
        &scale,
    ]);
    let replicas = stack.containers("app");
    assert_eq!(replicas.len(), REPLICAS);

    // Each replica's request log tells which requests it answered. nginx looks the replicas
    // up again every two seconds; each round asks for a path of its own.
    let mut round = 0;
    eventually("each replica answers", Duration::from_secs(20), || {
        round += 1;
        let path = format!("/spread-{round}-");
        let url = stack.https(&format!("{path}[1-30]"));
        let codes = crate::client::burst(&stack.ca(), &url);
        assert!(!codes.contains(&502), "a request was lost");
        let answered = |id: &String| docker(&["logs", id]).contains(&path);
        replicas.iter().all(answered).then_some(())
    });
}
