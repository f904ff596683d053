//! The app without nginx, as `docker run` gives it.

use std::{fs, path::Path, process::Command, time::Duration};

use crate::{
    client::{curl, try_curl},
    program::{self, eventually},
    service::service,
    stack::{SLOW, Stack, docker, free_port, root},
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

/// Has the kernel answer as one does that knows nothing of Landlock.
const NO_LANDLOCK: &str = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
    {"names": ["landlock_create_ruleset"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}"#;

pub fn what_the_app_may_open_is_restricted_where_the_kernel_can() {
    let file = Stack::shared().folder("no-landlock").join("seccomp.json");
    fs::write(&file, NO_LANDLOCK).expect("the profile is written");
    let own = root().join("seccomp/app.json");
    for (profile, enforced) in [(own, true), (file, false)] {
        let profile = format!("seccomp={}", profile.display());
        let run = ["run", "--rm", "--detach", "--env", "RUST_LOG=debug"];
        let privileges = ["--security-opt", "no-new-privileges:true"];
        let calls = ["--security-opt", &profile, &service().image()];
        let container = Container(docker(&[&run[..], &privileges, &calls].concat()));
        let said = eventually("a line about Landlock", Duration::from_secs(10), || {
            let log = docker(&["logs", &container.0]);
            let line = log.lines().find(|line| line.contains("Landlock: "))?;
            Some(line.to_owned())
        });
        let is_enforced = !said.contains("NotEnforced");
        assert_eq!(is_enforced, enforced, "{profile}: {said}");
        eventually("the app's health", Duration::from_secs(10), || {
            let health = [
                "inspect",
                "--format",
                "{{.State.Health.Status}}",
                &container.0,
            ];
            (docker(&health) == "healthy").then_some(())
        });
    }
}
