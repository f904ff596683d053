//! The name `app` cannot be looked up any more.

use std::time::{Duration, Instant};

use super::{BACK_SOON, assert_safe_page};
use crate::{
    program::eventually,
    stack::{Stack, docker},
};

pub fn without_the_apps_name_a_safe_page_and_then_the_app_again() {
    let stack = Stack::up("");
    let backend = stack.network("backend");
    let (app, url) = (stack.container("app"), stack.home());
    docker(&["network", "disconnect", &backend, &app]);
    // At first nginx still tries the address that nobody has any more.
    eventually("502 at once", BACK_SOON, || {
        let start = Instant::now();
        let answer = stack.curl(&[&url]);
        assert_safe_page(&answer, &[502, 504]);
        (answer.status == 502 && start.elapsed() < Duration::from_secs(1)).then_some(())
    });
    docker(&["network", "connect", "--alias", "app", &backend, &app]);
    eventually("the app's answer", BACK_SOON, || {
        (stack.curl(&[&url]).status == 200).then_some(())
    });
}
