//! The limit of open files follows the limit of connections. A file of its own, because a
//! process has only one such limit, which its children inherit.

#![allow(clippy::unwrap_used, missing_docs)]
#![cfg(target_os = "linux")]

mod support;

use rustix::process::{Resource, Rlimit, prlimit, setrlimit};
use support::App;

#[test]
fn the_soft_limit_is_raised_as_far_as_it_must_and_may_be() {
    let low = Rlimit {
        current: Some(256),
        maximum: Some(2048),
    };
    setrlimit(Resource::Nofile, low).unwrap();
    for (connections, expected) in [("16", 256), ("512", 1152), ("1000000", 2048)] {
        let app = App::start(&[("APP_MAX_CONNECTIONS", connections)]);
        let had = prlimit(Some(app.pid()), Resource::Nofile, low).unwrap();
        assert_eq!(had.current, Some(expected), "{connections}");
        assert_eq!(app.get("/", "").status, 200);
    }
}
