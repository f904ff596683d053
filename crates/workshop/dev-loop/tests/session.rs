//! The loop as it is run, on a crate of one file and with a script in the place of nginx.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::iter;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_mins(1);

/// Serves a word to each connection, with no crate to help it.
const PROGRAM: &str = r#"
use std::{env, io::{Read as _, Write as _}, net::TcpListener, os::fd::FromRawFd as _, os::unix::net::UnixDatagram, process};

fn main() {
    assert_eq!(env::var("LISTEN_PID").unwrap(), process::id().to_string());
    assert_eq!(env::var("LISTEN_FDS").unwrap(), "1");
    assert!(env::var_os("APP_TEST_ON_SAVE").is_none());
    let socket = unsafe { TcpListener::from_raw_fd(3) };
    socket.set_nonblocking(false).unwrap();
    /* before ready */
    let ready = UnixDatagram::unbound().unwrap();
    ready.send_to(b"STATUS=almost\nREADY=1\n", env::var_os("NOTIFY_SOCKET").unwrap()).unwrap();
    for connection in socket.incoming() {
        let mut connection = connection.unwrap();
        // Whoever says nothing only looks.
        if connection.read(&mut [0]).is_ok_and(|length| length == 1) {
            connection.write_all(b"first").unwrap();
            /* after an answer */
        }
    }
}

#[test]
fn passes() {
    assert!(true);
}
"#;

/// The same, at a port of its own.
const ALONE: &str = r#"
use std::{io::{Read as _, Write as _}, net::TcpListener};

fn main() {
    /* before ready */
    let socket = TcpListener::bind(("127.0.0.1", PORT)).unwrap();
    for connection in socket.incoming() {
        let mut connection = connection.unwrap();
        if connection.read(&mut [0]).is_ok_and(|length| length == 1) {
            connection.write_all(b"first").unwrap();
        }
    }
}
"#;

/// Says what nginx would be told; a configuration with `bad` in it is refused.
const NGINX: &str = r#"#!/bin/sh
case " $* " in
  *" -t "*)
    grep -q slow "$2" && echo testing && while :; do sleep 0.05; done
    ! grep bad "$2"
    ;;
  *)
    trap 'echo "nginx again: $(cat "$2")"' HUP
    echo "nginx: $(cat "$2")"
    while :; do sleep 0.05; done
    ;;
esac
"#;

struct Loop {
    folder: TempDir,
    address: SocketAddr,
    child: Child,
    lines: Receiver<String>,
    program: String,
}

impl Loop {
    fn start(vars: &[(&str, &str)]) -> Self {
        Self::of(PROGRAM.to_owned(), &["--ready", "2"], vars)
    }

    fn of(program: String, arguments: &[&str], vars: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| fs::write(root.join(path), text).unwrap();
        for name in ["src", "tests", "work", "edge", "edge/keys"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let manifest = "[package]\nname = \"fixture\"\nedition = \"2024\"\n\n\
                        [[bin]]\nname = \"serve\"\npath = \"src/main.rs\"\n\n[workspace]\n";
        write("Cargo.toml", manifest);
        write("src/main.rs", &program);
        write("edge/nginx.conf", "port 80\n");
        write("edge/keys/secret.key", "secret\n");
        write("nginx", NGINX);
        write("work/.dev-loop", "");
        write("other", "");
        let nginx = root.join("nginx");
        fs::set_permissions(&nginx, fs::Permissions::from_mode(0o755)).unwrap();

        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_dev-loop"))
            .arg("--in")
            .arg(root)
            .arg("--work")
            .arg(root.join("work"))
            .args(["--app", "serve", "--listen", &address.to_string()])
            .args(arguments)
            .arg("--edge")
            .arg(root.canonicalize().unwrap().join("edge"))
            .args(["--substitute", "nginx.conf", "80", "8080"])
            .arg("--nginx")
            .arg(nginx)
            .args(["--note", "other", "somebody takes it"])
            .env("CARGO_TARGET_DIR", root.join("target"))
            .envs(vars.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        Self {
            folder,
            address,
            child,
            lines,
            program,
        }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the program with this change of it.
    fn edit(&self, from: &str, to: &str) {
        assert!(self.program.contains(from));
        fs::write(
            self.root().join("src/main.rs"),
            self.program.replace(from, to),
        )
        .unwrap();
    }

    fn configure(&self, text: &str) {
        fs::write(self.root().join("edge/nginx.conf"), text).unwrap();
    }

    /// Waits for a line that has this text; those before it are thrown away.
    fn says(&self, text: &str) {
        let end = Instant::now() + LIMIT;
        let mut before = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => before.push(line),
                Err(error) => panic!("no line with {text:?}: {error}: {before:#?}"),
            }
        }
    }

    /// What a new connection gets.
    fn answer(&self) -> String {
        ask(self.address)
    }

    /// Waits until a new connection gets this. For a moment both programs take connections, and
    /// the old one of these does not finish what it has begun.
    fn answers(&self, text: &str) {
        let end = Instant::now() + LIMIT;
        while self.answer() != text {
            assert!(Instant::now() < end, "{text} is not served");
        }
    }

    fn stop(&mut self) {
        let start = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        let status = self.child.wait().unwrap();
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
        assert!(status.success(), "{status}");
        assert!(!self.root().join("work").exists());
        assert!(TcpStream::connect_timeout(&self.address, LIMIT).is_err());
    }
}

fn ask(address: SocketAddr) -> String {
    let mut connection = TcpStream::connect_timeout(&address, LIMIT).unwrap();
    connection.set_read_timeout(Some(LIMIT)).unwrap();
    let mut text = String::new();
    connection.write_all(b"?").unwrap();
    // The one that had it may have ended.
    let _ = connection.read_to_string(&mut text);
    text
}

impl Drop for Loop {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

fn forward(stream: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        for line in lines {
            // The test may have what it wanted.
            let _ = to.send(line);
        }
    });
}

#[test]
fn the_last_good_program_serves_until_a_better_one_is_ready() {
    let mut session = Loop::start(&[]);
    session.says("answers, after");
    assert_eq!(session.answer(), "first");

    session.edit("first", "second");
    session.says("src/main.rs changed: building");
    session.says("the new program answers");
    session.answers("second");

    session.edit("fn main", "no Rust");
    session.says("error: could not compile");
    session.says("it does not build; the last good program goes on serving");
    assert_eq!(session.answer(), "second");

    session.edit("/* before ready */", "process::exit(3);");
    session.says("ended before it was ready (exit status: 3); the last good program goes on");
    assert_eq!(session.answer(), "second");

    session.edit("/* before ready */", "loop { std::thread::park(); }");
    session.says("did not say READY=1 in time; the last good program goes on serving");
    assert_eq!(session.answer(), "second");

    session.edit("/* after an answer */", "process::exit(4);");
    session.says("the new program answers");
    session.answers("first");
    session.says("serve ended by itself (exit status: 4)");
    session.edit("first", "third");
    session.says("answers, after");
    assert_eq!(session.answer(), "third");

    fs::write(session.root().join("other"), "changed").unwrap();
    session.says("dev: other changed: somebody takes it");
    session.stop();
}

/// A port that nothing listens at and no other test has got, below those that Linux gives to
/// connections.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(10_000);
    iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .unwrap()
}

#[test]
fn what_listens_by_itself_is_stopped_first_while_connections_wait() {
    let port = free_port().to_string();
    let program = ALONE.replace("PORT", &port);
    let mut session = Loop::of(program, &["--ready", "2", "--port", &port], &[]);
    session.says("answers, after");
    assert_eq!(session.answer(), "first");

    // Without a break: each connection has an answer.
    let (address, end) = (session.address, Arc::new(AtomicBool::new(false)));
    let asking = thread::spawn({
        let end = Arc::clone(&end);
        move || {
            let mut count = 0;
            while !end.load(Ordering::Relaxed) {
                let text = ask(address);
                assert!(
                    ["first", "second", "third"].contains(&&*text),
                    "{text:?} after {count}"
                );
                count += 1;
            }
            count
        }
    });
    for (from, to) in [
        ("first", "third"),
        ("first", "second"),
        ("first", "third"),
        ("first", "second"),
    ] {
        session.edit(from, to);
        session.says("the new program answers");
    }
    end.store(true, Ordering::Relaxed);
    assert!(asking.join().unwrap() > 10);
    session.answers("second");

    session.edit("/* before ready */", "std::process::exit(3);");
    session
        .says("ended before it was ready (exit status: 3); the last good program is started again");
    session.says("the last good program serves again");
    session.answers("second");

    session.edit(&port, "0");
    session.says(&format!(
        "did not listen at port {port} or say READY=1 in time; it listens at "
    ));
    session.says("the last good program serves again");
    session.answers("second");
    session.stop();
}

#[test]
fn what_listens_at_a_unix_socket_is_swapped_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.socket");
    let shown = path.display().to_string();
    let program = ALONE
        .replace("net::TcpListener", "os::unix::net::UnixListener")
        .replace(
            "TcpListener::bind((\"127.0.0.1\", PORT))",
            &format!("{{ let _ = std::fs::remove_file({path:?}); UnixListener::bind({path:?}) }}"),
        );
    let mut session = Loop::of(program, &["--socket", &shown], &[]);
    session.says("answers, after");
    assert_eq!(session.answer(), "first");
    session.edit("first", "second");
    session.says("the new program answers");
    session.answers("second");
    session.stop();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let mut session = Loop::of(ALONE.replace("PORT", &port), &["--port", &port], &[]);
    session.says(&format!("another program listens at port {port}"));
    session.stop();
}

#[test]
fn whatever_way_a_file_comes_it_is_built() {
    let mut session = Loop::start(&[]);
    session.says("answers, after");
    let root = session.root().to_owned();
    let source = root.join("src/main.rs");
    let text = fs::read_to_string(&source).unwrap();

    // As `cp -p` and `rsync -t` make one: older than the program.
    let old = fs::File::open(&source)
        .unwrap()
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    let aside = root.join("aside");
    fs::write(&aside, text.replace("first", "second")).unwrap();
    let long_ago = old - Duration::from_hours(1);
    fs::File::open(&aside)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    fs::rename(&aside, &source).unwrap();
    session.says("src/main.rs is older than the program");
    session.says("the new program answers");
    session.answers("second");

    // Away, and back.
    fs::rename(root.join("src"), root.join("away")).unwrap();
    session.says("it does not build");
    fs::rename(root.join("away"), root.join("src")).unwrap();
    session.says("src changed: building");
    // By a link to a file elsewhere.
    fs::create_dir(root.join("elsewhere")).unwrap();
    fs::write(root.join("elsewhere/word.txt"), "third").unwrap();
    symlink(root.join("elsewhere/word.txt"), root.join("src/word.txt")).unwrap();
    let included = text.replace("b\"first\"", "include_bytes!(\"word.txt\")");
    fs::write(&source, included).unwrap();
    session.answers("third");
    fs::write(root.join("elsewhere/word.txt"), "fourth").unwrap();
    session.says("elsewhere/word.txt changed: building");
    session.answers("fourth");
    session.stop();
}

#[test]
fn tests_run_after_a_good_build() {
    let mut session = Loop::start(&[("APP_TEST_ON_SAVE", "true")]);
    session.says("the tests pass");
    session.edit("assert!(true)", "assert!(false)");
    session.says("the new program answers");
    session.says("the tests fail");
    // Given up at the next save, however long they would take.
    session.edit("assert!(true)", "loop { std::thread::park(); }");
    session.says("running 1 test");
    session.edit("first", "fourth");
    session.says("the tests pass");
    session.answers("fourth");
    session.stop();
}

#[test]
fn a_configuration_is_taken_when_it_passes_the_test() {
    let mut session = Loop::start(&[]);
    session.says("nginx: port 8080");
    let copied = session.root().join("work/edge/current");
    assert!(copied.join("nginx.conf").exists());
    assert!(!copied.join("keys/secret.key").exists());

    session.configure("port 80 # more\n");
    session.says("nginx again: port 8080 # more");
    session.configure("port 80 # bad\n");
    session.says("the configuration in edge: nginx refuses it; the one before goes on serving");
    session.configure("no port\n");
    session
        .says("nginx.conf has no \"80\", which --substitute names; the one before goes on serving");
    session.configure("port 80 # good\n");
    session.says("nginx again: port 8080 # good");
    session.stop();
}

#[test]
fn idle_it_waits_to_be_stopped() {
    let mut session = Loop::start(&[("APP_AUTOSTART", "false")]);
    session.says("APP_AUTOSTART=false: nothing is started");
    assert!(TcpStream::connect_timeout(&session.address, LIMIT).is_err());
    session.stop();
}

#[test]
fn a_change_of_a_test_runs_the_tests_and_nothing_else() {
    let mut session = Loop::start(&[("APP_TEST_ON_SAVE", "true")]);
    session.says("the tests pass");
    let test = session.root().join("tests/more.rs");
    fs::write(&test, "#[test]\nfn fails() {\n    panic!();\n}\n").unwrap();
    session.says("tests/more.rs changed: testing");
    session.says("the tests fail");
    fs::write(&test, "#[test]\nfn passes() {}\n").unwrap();
    session.says("the tests pass");
    session.stop();
}

#[test]
fn an_end_does_not_wait_for_nginx_to_test_its_configuration() {
    let mut session = Loop::start(&[]);
    session.says("nginx: port 8080");
    session.configure("port 80 # slow\n");
    session.says("testing");
    // The script's own line, and not the loop's, which comes before it.
    session.says("testing");
    session.stop();
}

/// Runs the loop on a folder in which the user has a file; gives what it stderr and its code.
fn refused(marked: bool, arguments: &[&str]) -> (String, Option<i32>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("work")).unwrap();
    fs::write(folder.path().join("work/precious"), "").unwrap();
    if marked {
        fs::write(folder.path().join("work/.dev-loop"), "").unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_dev-loop"))
        .arg("--work")
        .arg(folder.path().join("work"))
        .args(arguments)
        .env("APP_AUTOSTART", "perhaps")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (stderr, output.status.code(), folder)
}

#[test]
fn a_folder_without_the_loops_marker_is_never_removed() {
    for arguments in [&["--edge", "edge"][..], &["--nonsense"]] {
        let (stderr, code, folder) = refused(false, arguments);
        assert!(folder.path().join("work/precious").exists(), "{stderr}");
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("has no file .dev-loop"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

/// It may have a key in it.
#[test]
fn a_marked_folder_is_removed_when_arguments_or_variables_are_refused() {
    for (arguments, why) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--edge"], "a value is required for '--edge <FOLDER>'"),
        (&["--edge", "edge"], "APP_AUTOSTART"),
    ] {
        let (stderr, code, folder) = refused(true, arguments);
        assert!(!folder.path().join("work").exists(), "{stderr}");
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(why), "{stderr}");
    }
}
