//! The program as the edge's image starts it, with other programs in nginx's place.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    os::{fd::OwnedFd, unix::fs::PermissionsExt, unix::net::UnixStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, SystemTime},
};

use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take here.
const LIMIT: Duration = Duration::from_secs(20);

/// A folder of the test's own with a configuration and a place to write to.
struct Case(PathBuf);

impl Case {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("scratch")).unwrap();
        fs::write(folder.join("upstreams.conf"), "server 127.0.0.1:1;\n").unwrap();
        Self(folder)
    }

    /// Bash takes what follows `-c` as a command and becomes it, so that this script is the configuration.
    fn with(self, script: &str) -> Self {
        let file = self.0.join("launched.conf");
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
        self
    }

    fn launch(&self, program: &str) -> Command {
        let paths = env::var_os("PATH").unwrap();
        let program = env::split_paths(&paths)
            .map(|folder| folder.join(program))
            .find(|file| file.exists())
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
        command
            .env_clear()
            .env("PATH", &paths)
            .current_dir(&self.0)
            .args([".", "scratch"])
            .arg(program);
        command
    }

    fn edge(&self) -> String {
        fs::read_to_string(self.0.join("scratch/edge.conf")).unwrap()
    }
}

/// The exit code of what ends in time.
fn ended(mut launched: Child) -> Option<i32> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(launched.wait()));
    receiver
        .recv_timeout(LIMIT)
        .expect("an end")
        .unwrap()
        .code()
}

/// The exit code and the one line on stderr.
fn refused(output: &Output) -> (Option<i32>, String) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
    (output.status.code(), stderr)
}

#[test]
fn the_program_has_the_configuration_before_its_own_arguments() {
    let case = Case::new("arguments");
    let output = case.launch("echo").args(["-e", "stderr"]).output().unwrap();
    assert_eq!(output.stdout, b"-c ./launched.conf -e stderr\n");
    let edge = case.edge();
    let sites = edge.strip_prefix("server 127.0.0.1:1;\n").unwrap();
    assert!(
        ["include ./sites/*.conf;\n", "include ./sites-ipv6.conf;\n"].contains(&sites),
        "{sites}"
    );

    let mut proxied = case.launch("echo");
    proxied.env("DRYDOCK_TRUSTED_PROXIES", "10.0.0.0/8");
    proxied.env("DRYDOCK_PROXY_PROTOCOL", "on");
    assert!(proxied.output().unwrap().status.success());
    let edge = case.edge();
    assert!(
        edge.starts_with("set_real_ip_from 10.0.0.0/8;\nreal_ip_header proxy_protocol;\n"),
        "{edge}"
    );
    assert!(edge.ends_with("-proxy.conf;\n"), "{edge}");
}

/// nginx may be reading it, and a disk may be full.
#[test]
fn what_is_written_already_is_left_alone() {
    let case = Case::new("written");
    let modified = || {
        fs::metadata(case.0.join("scratch/edge.conf"))
            .unwrap()
            .modified()
    };
    let run = || assert!(case.launch("echo").output().unwrap().status.success());
    run();
    let file = File::options()
        .write(true)
        .open(case.0.join("scratch/edge.conf"));
    file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    run();
    assert_eq!(modified().unwrap(), SystemTime::UNIX_EPOCH);
    fs::write(case.0.join("upstreams.conf"), "server 127.0.0.1:2;\n").unwrap();
    run();
    assert_ne!(modified().unwrap(), SystemTime::UNIX_EPOCH);
}

#[test]
fn the_program_has_the_environment_and_its_exit_code_is_this_one() {
    let case = Case::new("environment").with("echo $OTHER; exit 9");
    let output = case.launch("bash").env("OTHER", "kept").output().unwrap();
    assert_eq!(output.stdout, b"kept\n");
    assert_eq!(output.status.code(), Some(9));
}

#[test]
fn a_variable_that_is_wrong_starts_nothing() {
    let case = Case::new("variable").with("echo started");
    let output = case
        .launch("bash")
        .env("DRYDOCK_TRUSTED_PROXIES", "everybody")
        .output()
        .unwrap();
    let (code, line) = refused(&output);
    assert_eq!(code, Some(78));
    assert!(
        line.starts_with("launch: DRYDOCK_TRUSTED_PROXIES: \"everybody\" is no network"),
        "{line}"
    );
}

#[test]
fn a_call_that_is_wrong_says_what_is_allowed() {
    let case = Case::new("call");
    for arguments in [&[][..], &["."], &[".", "scratch"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
        let (code, line) = refused(&command.args(arguments).output().unwrap());
        assert_eq!(code, Some(64));
        assert!(line.contains("CONFIGURATION SCRATCH NGINX"), "{line}");
    }
    let (code, line) = refused(&case.launch("echo").args(vec!["a"; 64]).output().unwrap());
    assert_eq!((code, line.contains("at most 64")), (Some(64), true));
    let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
    command
        .current_dir(&case.0)
        .args(["x".repeat(5000).as_str(), "scratch", "echo"]);
    assert_eq!(refused(&command.output().unwrap()).0, Some(64));
}

#[test]
fn what_is_not_there_is_named() {
    let case = Case::new("missing");
    let launch = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
        refused(
            &command
                .current_dir(&case.0)
                .args(arguments)
                .output()
                .unwrap(),
        )
    };
    for (arguments, named) in [
        (
            ["none", "scratch", "/x"],
            "\"none/upstreams.conf\": No such file or directory",
        ),
        (
            [".", "none", "/x"],
            "cannot write \"none/edge.conf\": No such file or directory",
        ),
        (
            [".", "scratch", "/x"],
            "cannot start /x: No such file or directory",
        ),
    ] {
        let (code, line) = launch(&arguments);
        assert_eq!(code, Some(71));
        assert!(line.starts_with(&format!("launch: {named}")), "{line}");
    }
}

/// Its standard output is a socket, as that of a service of systemd's.
#[test]
fn a_program_that_opens_its_output_by_name_can_where_that_is_a_socket() {
    let case = Case::new("socket").with(
        "trap 'echo last > /dev/stdout; exit 7' TERM\n\
         echo first > /dev/stdout\n\
         while :; do sleep 0.05; done",
    );
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(LIMIT)).unwrap();
    let mut command = case.launch("bash");
    let launched = command.stdout(OwnedFd::from(theirs)).spawn().unwrap();
    drop(command);
    let mut lines = BufReader::new(ours);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "first\n");
    // The signal is handed on, and what is said at the end comes before the end.
    let signal = format!("kill -TERM {}", launched.id());
    let told = Command::new("bash").args(["-c", &signal]).status().unwrap();
    assert!(told.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "last\n");
    assert_eq!(ended(launched), Some(7));
}

/// Nobody reads what it says any more: it goes on all the same.
#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let case = Case::new("reader").with(
        "read go; i=0; while [ $i -lt 2000 ]; do echo 0123456789012345678901234567890123456789; i=$((i + 1)); done; exit 3",
    );
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut command = case.launch("bash");
    command.stdin(Stdio::piped());
    let mut launched = command.stdout(OwnedFd::from(theirs)).spawn().unwrap();
    drop(command);
    drop(ours);
    launched.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert_eq!(ended(launched), Some(3));
}

/// A certificate is renewed beside it: who became nginx is told once, and nobody is left behind.
#[test]
fn a_new_certificate_is_told_of() {
    let case = Case::new("renewed").with(
        "trap 'echo told' HUP; trap 'exit 0' TERM; echo $$ > scratch/nginx.pid; echo ready; while :; do sleep 0.1; done",
    );
    fs::create_dir_all(case.0.join("server")).unwrap();
    fs::write(
        case.0.join("server/tls.conf"),
        "ssl_certificate_key tls.key;\nssl_certificate tls.crt;\n",
    )
    .unwrap();
    fs::write(case.0.join("tls.crt"), "old").unwrap();
    // Below nohup the signal is ignored, and a shell cannot trap what it was started to ignore.
    let launch = case.launch("bash");
    let mut launched = Command::new("env")
        .args(["--default-signal=HUP", "DRYDOCK_ACME=on"])
        .arg(launch.get_program())
        .args(launch.get_args())
        .current_dir(&case.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(launched.stdout.take().unwrap()).lines();
    let (sender, receiver) = mpsc::channel();
    // It ends when nobody has the pipe any more: who watches has closed it.
    thread::spawn(move || lines.for_each(|line| sender.send(line.unwrap()).unwrap_or_default()));
    assert_eq!(receiver.recv_timeout(LIMIT).unwrap(), "ready");
    for content in ["new", "newer"] {
        fs::write(case.0.join("tls.new"), content).unwrap();
        fs::rename(case.0.join("tls.new"), case.0.join("tls.crt")).unwrap();
        assert_eq!(receiver.recv_timeout(LIMIT).unwrap(), "told");
    }
    // What is taken away is no certificate to read.
    fs::remove_file(case.0.join("tls.crt")).unwrap();
    let silence = receiver.recv_timeout(Duration::from_secs(3));
    assert_eq!(silence, Err(mpsc::RecvTimeoutError::Timeout));
    let nginx = Pid::from_raw(launched.id().try_into().unwrap()).unwrap();
    kill_process(nginx, Signal::TERM).unwrap();
    assert_eq!(ended(launched), Some(0));
    let closed = receiver.recv_timeout(LIMIT);
    assert_eq!(closed, Err(mpsc::RecvTimeoutError::Disconnected));
}
