//! nginx's `/tmp` is full or cannot be written, or its memory is used up.

use std::fs;

use super::{BACK_SOON, assert_safe_page, edge, load};
use crate::{program::eventually, stack::Stack};

/// More connections than fit into [`LITTLE_MEMORY`], at 27 KB each.
const CONNECTIONS: usize = 4000;
const LITTLE_MEMORY: &str = "24m";

pub fn with_a_full_tmp_only_large_bodies_are_refused() {
    let stack = Stack::up(
        "services: {nginx: {tmpfs: !override \
         ['/tmp:size=64k,mode=0700,uid=10002,gid=10002,noexec,nosuid,nodev']}}",
    );
    let body = stack.folder("body").join("large");
    fs::write(&body, vec![b'a'; 900_000]).expect("a large body");
    let body = format!("@{}", body.display());
    for version in ["--http1.1", "--http2", "--http3-only"] {
        let answer = stack.curl(&[version, "--data-binary", &body, &stack.home()]);
        assert_safe_page(&answer, &[500]);
        assert_eq!(stack.curl(&[version, &stack.home()]).status, 200);
    }
    let small = stack.curl(&["--data-binary", "small", &stack.home()]);
    assert_eq!(small.status, 405, "of the app: {small:?}");
}

pub fn with_a_read_only_tmp_nginx_does_not_start_and_says_why() {
    let stack = Stack::prepare("services: {nginx: {tmpfs: !reset []}}");
    let output = stack.compose(&["up", "--detach"]);
    assert!(!output.success, "{}", output.text());
    eventually("a sentence in the log", BACK_SOON, || {
        let log = stack.composed(&["logs", "--no-color", "nginx"]);
        let says_why =
            |line: &str| line.contains("\"/tmp/") && line.contains("Read-only file system");
        log.lines().any(says_why).then_some(())
    });
    assert!(stack.try_curl(&[&stack.home()]).is_err());
}

pub fn out_of_memory_nginx_is_back_soon() {
    let stack = Stack::up(&format!(
        "services: {{nginx: {{mem_limit: {LITTLE_MEMORY}}}}}"
    ));
    let before = edge::workers(&stack);
    let mut held = Vec::new();
    while held.len() < CONNECTIONS && edge::workers(&stack) == before {
        held.extend((0..100).filter_map(|_| load::connect(&stack).ok()));
    }
    let held = held.len();
    assert_ne!(edge::workers(&stack), before, "{held} connections");
    eventually("an answer", BACK_SOON, || {
        let response = stack.try_curl(&[&stack.home()]).ok()?;
        (response.status == 200).then_some(())
    });
    // The kernel takes the largest process, which can be the first one, too.
    let log = stack.composed(&["logs", "--no-color", "nginx"]);
    let killed = log.contains("exited on signal 9") || stack.inspect("nginx")["RestartCount"] != 0;
    assert!(killed, "not by the kernel: {log}");
}
