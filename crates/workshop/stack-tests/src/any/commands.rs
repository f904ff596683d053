//! `./drydock up`, `status`, `down` and `reload-tls`: which stack they mean, on which ports and with which
//! pair, and what they say when that cannot be.

use std::{
    env, fs,
    net::TcpStream,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{self, Command},
    time::Duration,
};

use rustix::process::{Signal, getuid};

use crate::{
    any::faults::signal,
    pair::{P_256, clear, make_own_pair},
    program::{self, Output, QUICK, eventually},
    service::service,
    stack::{PREFIX, SLOW, Stack, docker},
};

/// How long a killed nginx may take to be there again.
const SOON: Duration = Duration::from_secs(20);

/// Where `nix run .#test` has put a command.
pub fn command(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} names no command: nix run .#test sets it"))
}

/// `./drydock up` in the folder of a stack.
pub fn up(stack: &Stack) -> Output {
    stack.run(&command("DRYDOCK_UP"), &[])
}

/// `./drydock down` there.
pub fn down(stack: &Stack) -> Output {
    stack.run(&command("DRYDOCK_DOWN"), &[])
}

#[track_caller]
pub fn succeeds(output: &Output, sentence: &str) {
    assert!(output.success, "it failed: {}", output.text());
    let text = output.text();
    assert!(
        output.stderr.contains(sentence),
        "no {sentence:?} in: {text}"
    );
}

#[track_caller]
pub fn fails(output: &Output, sentence: &str) {
    assert!(!output.success, "it succeeded: {}", output.text());
    let text = output.text();
    assert!(
        output.stderr.contains(sentence),
        "no {sentence:?} in: {text}"
    );
}

/// The containers of a stack that serve.
fn serving(stack: &Stack) -> [String; 2] {
    ["app", "nginx"].map(|service| stack.container(service))
}

pub fn up_starts_what_a_plain_compose_up_starts() {
    let stack = Stack::prepare("");
    let output = up(&stack);
    succeeds(&output, "answers:");
    assert!(
        output.stdout.contains(&service().answer),
        "{}",
        output.text()
    );
    // The images were there.
    assert!(!output.stderr.contains("Loaded image"), "{}", output.text());

    let before = serving(&stack);
    stack.composed(&["up", "--detach", "--wait"]);
    assert_eq!(serving(&stack), before, "Compose has made them anew");
    succeeds(&up(&stack), "answers:");
    assert_eq!(serving(&stack), before, "`up` has made them anew");
    succeeds(&down(&stack), "");
    assert!(stack.containers("nginx").is_empty(), "nginx is left");
}

pub fn up_is_the_same_whatever_files_the_environment_names() {
    let stack = Stack::prepare("");
    let other = stack.folder("other").join("compose.yaml");
    fs::write(&other, "services: {other: {image: drydock/none}}").expect("it is written");
    let run = |name: &str| {
        let mut command = stack.command(&command(name));
        command
            .env("COMPOSE_FILE", &other)
            .env("COMPOSE_PROFILES", "other");
        program::run(&mut command, SLOW)
    };
    succeeds(&run("DRYDOCK_UP"), "answers:");
    assert_eq!(serving(&stack).len(), 2);
    succeeds(&run("DRYDOCK_DOWN"), "");
    assert!(stack.containers("nginx").is_empty(), "nginx is left");
}

pub fn up_takes_ports_and_a_name_from_where_compose_does() {
    let stack = Stack::prepare("");
    let name = format!("{}-named", stack.project());
    let (http, https) = (stack.http_port(), stack.https_port());
    let text = format!(
        "COMPOSE_PROJECT_NAME={name}\nDRYDOCK_HTTP_PORT={http}\nDRYDOCK_HTTPS_PORT={https}\n"
    );
    fs::write(stack.folder("").join(".env"), text).expect("the settings are written");
    let run = |name: &str| {
        let mut command = stack.command(&command(name));
        command
            .env_remove("DRYDOCK_HTTP_PORT")
            .env_remove("DRYDOCK_HTTPS_PORT");
        program::run(&mut command, SLOW)
    };
    let address = format!("https://localhost:{https}/ answers:");
    succeeds(&run("DRYDOCK_UP"), &address);
    let filter = format!("label=com.docker.compose.project={name}");
    let list = || docker(&["ps", "--quiet", "--filter", &filter]);
    assert_eq!(list().lines().count(), 2, "app and nginx");
    succeeds(&run("DRYDOCK_DOWN"), "");
    assert_eq!(list(), "");
}

/// Beside another stack on the same ports, for example.
pub fn up_publishes_on_one_address() {
    let stack = Stack::prepare("");
    let mut command = stack.command(&command("DRYDOCK_UP"));
    command.env("DRYDOCK_ADDRESS", "127.0.0.2");
    succeeds(&program::run(&mut command, SLOW), "answers:");
    let port = stack.https_port();
    assert!(TcpStream::connect(("127.0.0.2", port)).is_ok());
    for other in ["127.0.0.1", "::1"] {
        assert!(
            TcpStream::connect((other, port)).is_err(),
            "{other} answers"
        );
    }
}

/// `./drydock status` in the folder of a stack: its code, and what it shows.
#[track_caller]
pub fn status(stack: &Stack, code: i32, wanted: &[&str]) {
    let output = stack.run("drydock-status", &[]);
    assert_eq!(output.code, Some(code), "{}", output.text());
    for text in wanted {
        let shown = output.stdout.contains(text);
        assert!(shown, "no {text:?} in: {}", output.text());
    }
}

pub fn status_shows_what_runs_and_ends_with_a_code_for_it() {
    let stack = Stack::prepare("");
    status(&stack, 3, &["does not run; ./drydock up starts it"]);
    succeeds(&up(&stack), "answers:");
    let [app, nginx] = serving(&stack);
    let started = docker(&["inspect", "--format", "{{.State.StartedAt}}", &app]);
    let [image, edge] = [&app, &nginx].map(|id| docker(&["inspect", "--format", "{{.Image}}", id]));
    let own = "as this folder's sources make it";
    let since = started[..19].replace('T', " ");
    let runs = format!("app: runs since {since} UTC, healthy");
    let names = "certificate: DNS:localhost, ";
    let well = [
        &runs,
        &image,
        &edge,
        own,
        names,
        " days left, until ",
        "last errors:\n  none",
    ];
    status(&stack, 0, &well);

    make_own_pair(&stack.pair(), "localhost", &P_256);
    stack.composed(&["run", "--rm", "--no-deps", "-T", "tls"]);
    status(
        &stack,
        4,
        &["! another one is in the volume; ./drydock reload-tls serves it"],
    );
    succeeds(
        &stack.run("drydock-reload-tls", &[]),
        "the new certificate is served",
    );

    let other = format!("{}:other", stack.project());
    docker(&["commit", "--change", "LABEL other=1", &app, &other]);
    stack.override_with(&format!("services: {{app: {{image: '{other}'}}}}"));
    let output = stack.start();
    assert!(output.success, "{}", output.text());
    status(
        &stack,
        5,
        &["another one than this folder's sources make", own],
    );

    stack.composed(&["kill", "app"]);
    status(&stack, 4, &["! app: exited with 137", "answer: 502"]);
    succeeds(&down(&stack), "");
    docker(&["image", "rm", &other]);
    status(&stack, 3, &[]);
}

pub fn a_folder_that_gives_no_name_has_a_sentence() {
    let name = format!("{PREFIX}{}-nameless", process::id());
    let folder = env::temp_dir().join(&name).join("日本");
    let stack = Stack::at(name, folder);
    let output = up(&stack);
    // With a name, it can be removed.
    let text = format!("COMPOSE_PROJECT_NAME={}\n", stack.project());
    fs::write(stack.folder("").join(".env"), text).expect("the name is written");
    fails(&output, "'日本'; COMPOSE_PROJECT_NAME");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.text());
}

/// A place that has a folder of this name.
fn place_of(place: &str, name: &str) -> PathBuf {
    env::temp_dir().join(format!("{name}-{place}")).join(name)
}

pub fn two_checkouts_of_one_name_keep_their_stacks() {
    let name = format!("{PREFIX}{}-twins", process::id());
    let [one, other] =
        ["one", "other"].map(|place| Stack::at(name.clone(), place_of(place, &name)));
    succeeds(&up(&one), "answers:");
    let before = serving(&one);

    let folder = place_of("one", &name);
    let sentence = format!("the stack '{name}' is that of {}", folder.display());
    fails(&up(&other), &sentence);
    fails(&down(&other), &sentence);
    fails(&other.run("drydock-reload-tls", &[]), &sentence);
    assert_eq!(serving(&one), before);

    let text = format!("COMPOSE_PROJECT_NAME={name}-other\n");
    fs::write(other.folder("").join(".env"), text).expect("the name is written");
    succeeds(&up(&other), "answers:");
    assert_eq!(serving(&one), before);
    succeeds(&down(&other), "");
    assert_eq!(serving(&one), before);
    one.take_ca();
    assert_eq!(one.curl(&[&one.https("/")]).status, 200);
}

pub fn a_pair_put_beside_a_running_stack_is_served_by_up() {
    let stack = Stack::prepare("");
    succeeds(&up(&stack), "answers:");
    let pair = stack.pair();
    make_own_pair(&pair, "localhost", &P_256);
    succeeds(&up(&stack), "the new certificate is served (expires ");
    let certificate = pair.join("localhost.crt");
    fs::copy(&certificate, stack.ca()).expect("the certificate is copied");
    let is_served = || {
        stack
            .try_curl(&[&stack.home()])
            .is_ok_and(|answer| answer.status == 200)
    };
    assert!(is_served(), "another certificate is served");

    // One that is bad is refused, and has no effect later either.
    clear(&pair);
    fs::write(&certificate, "no PEM").expect("a bad pair is put in place");
    let output = up(&stack);
    fails(&output, "nginx serves the certificate that it had");
    assert!(
        output.stderr.contains("keypair: /from/localhost."),
        "{}",
        output.text()
    );
    assert!(is_served(), "the bad pair has changed what is served");
    signal(&stack, "nginx", Signal::KILL);
    eventually("the same certificate after a crash", SOON, || {
        is_served().then_some(())
    });
}

pub fn a_port_is_a_number_or_there_is_a_sentence() {
    let stack = Stack::prepare("");
    let refuses_as = |name: &str, variable: &str, value: &str, allowed: &str| {
        let mut command = stack.command(name);
        let output = program::run(command.env(variable, value), QUICK);
        fails(&output, &format!("error: {variable} is "));
        fails(&output, &format!("; it may be {allowed}"));
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.text());
    };
    let refuses = |name: &str, variable: &str, value: &str| {
        refuses_as(name, variable, value, "a number from 1 to 65535");
    };
    let commands = [
        "DRYDOCK_UP",
        "DRYDOCK_DOWN",
        "DRYDOCK_DEV",
        "DRYDOCK_DEV_HOST",
    ]
    .map(command);
    let reload = "drydock-reload-tls".to_owned();
    for name in commands.iter().chain([&reload]) {
        refuses(name, "DRYDOCK_HTTP_PORT", "127.0.0.1:8080");
        refuses(name, "DRYDOCK_HTTPS_PORT", "8443-8445");
    }
    refuses(&commands[3], "DRYDOCK_APP_PORT", "localhost:8000");
    for value in [
        "localhost",
        "127.0.0.1:80",
        "127.0.0.256",
        "1.2.3",
        "[:::1]",
        "::1",
        "[::1]\n[::1]",
    ] {
        let allowed = "an address of this machine, such as 127.0.0.1 or [::1]";
        refuses_as(&commands[0], "DRYDOCK_ADDRESS", value, allowed);
    }
    let values = [
        "127.0.0.1:8443",
        "8443-8445",
        "0443",
        "+5",
        "-5",
        "1e3",
        " 8443",
        "8443 ",
        "8443\n8444",
        "0",
        "65536",
        "99999999999999999999",
        "https",
        "$HOME",
    ];
    for value in values {
        refuses(&commands[0], "DRYDOCK_HTTPS_PORT", value);
    }
    assert!(
        stack.containers("nginx").is_empty(),
        "something was started"
    );
}

/// A plain `docker compose up` has no way to a sentence of ours; it is not to start, though,
/// what the redirect does not lead to.
pub fn compose_alone_starts_nothing_on_an_address_or_a_range() {
    let stack = Stack::prepare("");
    for value in ["127.0.0.1:8443", "8443-8445"] {
        let mut command = stack.command("docker-compose");
        command
            .args(["up", "--detach"])
            .env("DRYDOCK_HTTPS_PORT", value);
        let output = program::run(&mut command, SLOW);
        assert!(!output.success, "{value} was taken: {}", output.text());
        assert!(output.text().contains(value), "{value}: {}", output.text());
    }
}

/// The client's own words, and what they are about; nothing is started instead.
pub fn an_engine_that_cannot_be_used_is_said_to_be_so() {
    let stack = Stack::prepare("");
    let run = |change: &dyn Fn(&mut Command)| {
        let mut command = stack.command("drydock-engine");
        change(&mut command);
        program::run(&mut command, QUICK)
    };
    succeeds(&run(&|_| {}), "");
    let output = run(&|command| {
        command.env("DOCKER_HOST", "tcp://127.0.0.1:1");
    });
    fails(&output, "127.0.0.1:1");
    fails(&output, "no other one was tried or started");
    if getuid().is_root() {
        // Nobody's, who is in no group.
        let output = run(&|command| {
            command.uid(65534).gid(65534).env_remove("HOME");
        });
        fails(&output, "permission denied");
        fails(&output, "may not use the Docker engine");
    }
}
