//! The app without nginx, as `docker run` gives it.

use std::{path::Path, process::Command, time::Duration};

use crate::{
    client::{curl, try_curl},
    program::{self, eventually},
    service::service,
    stack::{SLOW, docker, free_port},
};

/// A container that is removed with its owner.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let mut command = Command::new("docker");
        program::clean_up(command.args(["rm", "--force", &self.0]), SLOW);
    }
}

pub fn the_app_serves_alone() {
    let port = free_port();
    let publish = format!("{port}:{}", service().port);
    let id = docker(&[
        "run",
        "--rm",
        "--detach",
        "--publish",
        &publish,
        &service().image(),
    ]);
    let _container = Container(id);

    let url = format!("http://localhost:{port}/");
    let no_ca = Path::new("/dev/null");
    let answer = eventually("the app's answer", Duration::from_secs(10), || {
        try_curl(no_ca, &[&url]).ok()
    });
    assert_eq!(answer.status, 200);

    // Nobody is trusted unless configured: the headers change nothing.
    let spoofs = ["X-Forwarded-For: 203.0.113.66", "X-Forwarded-Proto: https"];
    let spoofed = curl(no_ca, &["--header", spoofs[0], "--header", spoofs[1], &url]);
    assert_eq!(spoofed.body, answer.body);
}
