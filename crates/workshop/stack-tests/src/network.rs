//! Networks of their own, for engines beside that of this machine.

use std::{
    fs::File, os::fd::AsFd as _, panic::resume_unwind, path::Path, process::Command, thread,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::program::{QUICK, output_of};

/// # Panics
/// When nobody here may make one.
pub fn needs_root() {
    assert!(
        rustix::process::geteuid().is_root(),
        "network namespaces are made by root: sudo ./drydock test --all"
    );
}

pub fn ip(args: &[&str]) {
    output_of(Command::new("ip").args(args), QUICK);
}

/// Does something in a network namespace, in which what it starts is too.
///
/// `ip netns exec` would take the control groups away with `/sys`.
pub fn inside<T: Send>(namespace: &str, act: impl FnOnce() -> T + Send) -> T {
    let file = File::open(Path::new("/run/netns").join(namespace)).expect("its namespace");
    let done = thread::scope(|scope| {
        let there = scope.spawn(|| {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may go into it");
            act()
        });
        there.join()
    });
    done.unwrap_or_else(|why| resume_unwind(why))
}
