//! The app goes away and comes back; nginx stays.

use std::{process::Command, time::Duration};

use serde_json::Value;

use crate::{
    program::{self, eventually},
    stack::{Stack, docker},
};

const LIMIT: Duration = Duration::from_secs(20);

/// What changes when a container is started anew.
fn life(stack: &Stack, service: &str) -> (Value, Value, Value) {
    let container = stack.inspect(service);
    let state = &container["State"];
    let restarts = container["RestartCount"].clone();
    (state["Pid"].clone(), state["StartedAt"].clone(), restarts)
}

fn await_answer(stack: &Stack) {
    let url = stack.https("/");
    eventually("an answer of the app", LIMIT, || {
        let response = stack.try_curl(&[&url]).ok()?;
        (response.status == 200).then_some(())
    });
}

pub fn a_killed_app_comes_back_without_nginx_restarting() {
    let stack = Stack::up("");
    let (nginx, app) = (life(&stack, "nginx"), life(&stack, "app"));

    // From outside, as the kernel would: of `docker kill` the engine remembers that it was meant.
    let pid = app.0.to_string();
    let killed = program::run(
        Command::new("sh").args(["-c", &format!("kill -9 {pid}")]),
        program::QUICK,
    );
    assert!(killed.success, "only root can do this: {}", killed.text());
    eventually("the app is started again", LIMIT, || {
        let now = life(&stack, "app");
        (now != app && now.0 != 0).then_some(())
    });
    await_answer(&stack);
    assert_eq!(life(&stack, "nginx"), nginx, "nginx was restarted");
}

pub fn without_the_app_a_safe_page_and_then_the_app_again() {
    let stack = Stack::up("");
    let app = stack.container("app");
    docker(&["stop", &app]);

    for version in ["--http1.1", "--http2", "--http3-only"] {
        let response = stack.curl(&[version, &stack.https("/")]);
        // 504 while nginx still knows the address that nobody has any more.
        assert!(
            [502, 504].contains(&response.status),
            "{version}: {response:?}"
        );
        assert_eq!(
            response.header("Content-Type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(response.header("X-Content-Type-Options"), Some("nosniff"));
        assert!(response.header("Retry-After").is_some(), "{version}");
        assert!(response.body.len() < 200, "{version}: {}", response.body);
        for telling in ["nginx", "app", "172.", "192.", "8000", "upstream"] {
            let body = response.body.to_lowercase();
            assert!(!body.contains(telling), "{version}: tells {telling}");
        }
    }

    // nginx starts without the app as well, and finds it when it is there.
    docker(&["restart", &stack.container("nginx")]);
    eventually("nginx answers again", LIMIT, || {
        let response = stack.try_curl(&[&stack.https("/")]).ok()?;
        [502, 504].contains(&response.status).then_some(())
    });
    let nginx = life(&stack, "nginx");
    docker(&["start", &app]);
    await_answer(&stack);
    assert_eq!(life(&stack, "nginx"), nginx, "nginx was restarted");
}
