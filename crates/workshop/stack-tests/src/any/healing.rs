//! The app goes away and comes back; nginx stays.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    any::faults::{assert_safe_page, signal},
    program::eventually,
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
    let url = stack.home();
    eventually("an answer of the app", LIMIT, || {
        let response = stack.try_curl(&[&url]).ok()?;
        (response.status == 200).then_some(())
    });
}

pub fn a_killed_app_comes_back_without_nginx_restarting() {
    let stack = Stack::up("");
    let (nginx, app) = (life(&stack, "nginx"), life(&stack, "app"));

    signal(&stack, "app", Signal::KILL);
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
        // 504 while nginx still knows the address that nobody has any more.
        let response = stack.curl(&[version, &stack.home()]);
        assert_safe_page(&response, &[502, 504]);

        let html = ["--header", "Accept: text/html"];
        let page = stack.curl(&[version, html[0], html[1], &stack.home()]);
        assert_eq!(
            page.header("Content-Type"),
            Some("text/html; charset=utf-8")
        );
        assert!(page.header("Retry-After").is_some(), "{version}");
        for part in [
            "href=\"/assets/page-",
            &page.status.to_string(),
            "Please try again shortly.",
        ] {
            assert!(page.body.contains(part), "{version}: {part}: {page:?}");
        }
    }

    // nginx starts without the app as well, and finds it when it is there.
    docker(&["restart", &stack.container("nginx")]);
    eventually("nginx answers again", LIMIT, || {
        let response = stack.try_curl(&[&stack.home()]).ok()?;
        [502, 504].contains(&response.status).then_some(())
    });
    let nginx = life(&stack, "nginx");
    docker(&["start", &app]);
    await_answer(&stack);
    assert_eq!(life(&stack, "nginx"), nginx, "nginx was restarted");
}
