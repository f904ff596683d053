//! That the containers have nothing that they do not need: as configured, and in force.

use std::{fs, io, os::unix::fs::symlink, process::Command};

use serde_json::{Value, json};

use super::faults::understudy;
use crate::{
    program,
    service::service,
    stack::{Stack, root},
};

/// The argument that makes this program [`link`].
pub const ARGUMENT: &str = "forbidden-call";

pub const SERVICES: [(&str, &str); 2] = [("app", "10001"), ("nginx", "10002")];

/// What the list of [`crate::any::benchmark`] has not.
pub fn settings_are_as_promised() {
    let stack = Stack::shared();
    for service in ["app", "nginx", "tls"] {
        let host = &stack.inspect(service)["HostConfig"];
        let options = &host["SecurityOpt"];
        assert_eq!(options[0], "no-new-privileges:true", "{service}");
        match profile(service) {
            Some(profile) => {
                let given = options[1].as_str().unwrap_or_default();
                let given = given.strip_prefix("seccomp=").unwrap_or_default();
                let given: Value = serde_json::from_str(given)
                    .unwrap_or_else(|why| panic!("{service}: its profile: {why}: {options}"));
                assert_eq!(given, profile, "{service}");
            }
            // The engine's own.
            None => assert_eq!(options[1], json!(null), "{service}"),
        }
        let quota = host["CpuQuota"].as_i64();
        assert!(quota > Some(0), "{service}: its CPU quota is {quota:?}");
        assert_eq!(host["LogConfig"]["Config"]["max-size"], "10m", "{service}");
    }

    let tls = stack.inspect("tls");
    assert_eq!(tls["HostConfig"]["NetworkMode"], "none");
    assert_eq!(tls["HostConfig"]["RestartPolicy"]["Name"], "no");
    assert_eq!(tls["State"]["ExitCode"], 0);
    for (service, user) in SERVICES {
        let container = stack.inspect(service);
        let restart = &container["HostConfig"]["RestartPolicy"]["Name"];
        assert_eq!(restart, "unless-stopped", "{service}");
        assert_eq!(container["Config"]["User"], format!("{user}:{user}"));
    }

    let mounts = &stack.inspect("nginx")["Mounts"];
    for mount in mounts.as_array().expect("mounts") {
        // But for the place of its errors, which is in memory.
        let errors = mount["Destination"] == "/var/log/nginx";
        assert_eq!(mount["RW"], errors, "{mount}");
    }
    // Bounded, so that no client has the kernel end a process: see compose.yaml.
    let limits = &stack.inspect("nginx")["HostConfig"]["Ulimits"];
    assert!(limits.to_string().contains("\"data\""), "{limits}");

    let tmp = &stack.inspect("nginx")["HostConfig"]["Tmpfs"]["/tmp"];
    let tmp = tmp.as_str().expect("a tmpfs");
    for option in ["noexec", "nosuid", "nodev", "size=", "mode=1777"] {
        assert!(tmp.contains(option), "no {option} in {tmp}");
    }
}

/// The seccomp profile that compose.yaml names; a service may have none.
fn profile(service: &str) -> Option<Value> {
    let file = root().join(format!("seccomp/{service}.json"));
    if service == "app" && !file.exists() {
        return None;
    }
    let text = fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    Some(serde_json::from_str(&text).expect("a profile"))
}

/// Makes a symbolic link, which no program of the images does: this program's part of the test below.
///
/// # Errors
/// When it cannot be made.
pub fn link() -> io::Result<()> {
    symlink("/nowhere", "/tmp/link")
}

pub fn a_call_that_is_not_in_the_profile_ends_the_process() {
    const SIGSYS: i32 = 31;
    let stack = Stack::shared();
    let program = understudy::program_in(&stack.folder("link"));
    let volume = format!("{}:/program:ro,z", program.display());
    let run = |profile: &str, program: [&str; 2]| {
        let mut command = Command::new("docker");
        command
            .args(["run", "--rm", "--network", "none", "--cap-drop", "ALL"])
            .args(["--security-opt", "no-new-privileges:true"])
            .args(["--tmpfs", "/tmp:mode=1777", "--volume", &volume]);
        if !profile.is_empty() {
            let file = root().join(format!("seccomp/{profile}.json"));
            command.args(["--security-opt", &format!("seccomp={}", file.display())]);
        }
        command.args([
            "--entrypoint",
            program[0],
            &service().edge_image(),
            program[1],
        ]);
        program::run(&mut command, program::QUICK)
    };
    let ends = |profile: &str, program, code| {
        let output = run(profile, program);
        assert_eq!(output.code, Some(code), "{profile}: {}", output.text());
    };
    // Each time, something else is there that does not end so, or this would show nothing.
    let link = ["/program", ARGUMENT];
    ends("", link, 0);
    let profiles = ["acme", "app", "tls"].into_iter();
    for name in profiles.filter(|name| profile(name).is_some()) {
        ends(name, link, 128 + SIGSYS);
        ends(name, ["/program", understudy::ARGUMENT], 1);
    }
    // A program of Rust begins with calls that nginx does not make.
    let keypair = ["/bin/keypair", "--help"];
    ends("nginx", keypair, 128 + SIGSYS);
    ends("tls", keypair, 0);
}

pub fn processes_have_no_privileges() {
    let stack = Stack::shared();
    for (service, user) in SERVICES {
        let pid = &stack.inspect(service)["State"]["Pid"];
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path)
            .unwrap_or_else(|why| panic!("{path}: {why}: the engine has to be on this machine"));
        let field = |name: &str| -> Vec<&str> {
            let prefix = format!("{name}:");
            let mut lines = status.lines();
            let values = lines.find_map(|line| line.strip_prefix(&prefix));
            values.expect(name).split_whitespace().collect()
        };
        assert_eq!(field("Uid"), [user; 4], "{service}");
        assert_eq!(field("Gid"), [user; 4], "{service}");
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(field(set), ["0000000000000000"], "{service}: {set}");
        }
        assert_eq!(field("NoNewPrivs"), ["1"], "{service}");
        assert_eq!(field("Seccomp"), ["2"], "{service}: no seccomp filter");
    }
}

/// The images hold no program that writes where it is told, but for `keypair`: it runs as root
/// in a container that sees the other one's processes, and through them its files.
pub fn the_root_cannot_be_written() {
    let stack = Stack::shared();
    let from = stack.folder("no-pair");
    let from = format!("{}:/from:ro,z", from.display());
    let write = |pid_mode: &str, to: &str| {
        let mut command = Command::new("docker");
        command
            .args(["run", "--rm", "--network", "none", "--user", "0:0"])
            .args(["--cap-add", "SYS_PTRACE", "--pid", pid_mode])
            .args(["--volume", &from, "--entrypoint", "/bin/keypair"])
            .args([&service().edge_image(), "--from", "/from", "--to", to])
            .args(["--owner", "0:0"]);
        program::run(&mut command, program::QUICK)
    };
    for (service, _) in SERVICES {
        let pid_mode = format!("container:{}", stack.container(service));
        let output = write(&pid_mode, "/proc/1/root/");
        assert!(!output.success, "{service}: its root was written");
        let why = output.text();
        assert!(why.contains("Read-only file system"), "{service}: {why}");
    }
    // The same writes well where writing is allowed, or the above would show nothing.
    let control = write("", "/");
    assert!(control.success, "{}", control.text());
}
