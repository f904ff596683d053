//! `./drydock rollout` on Compose, under load: images of a registry on this machine in the place of
//! what runs, those that are bad as well.

use std::{
    io::{BufRead as _, BufReader},
    net::Ipv4Addr,
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{
    commands::{command, down, fails, status, succeeds, up},
    faults::{
        load::{Load, Streams},
        understudy::Flaw,
    },
    registry::Registry,
};
use crate::{
    program::{self, Output, eventually},
    service::service,
    stack::{Stack, docker, free_port, inspect},
};

/// For a rollout of an image that never becomes healthy, which an engine sees after 40 s.
const LIMIT: Duration = Duration::from_mins(4);

/// How long what was killed takes to let go.
const SOON: Duration = Duration::from_secs(45);

/// A stack, which is removed before what the engine has of its images, and a registry on loopback,
/// which engines ask without TLS.
struct Site {
    stack: Stack,
    registry: Registry,
}

impl Site {
    /// The stack runs by now.
    fn up(overlay: &str) -> Self {
        Self::of(Stack::up(overlay))
    }

    fn of(stack: Stack) -> Self {
        // Not only the images are left, but also what a rollout calls them.
        let tags = ["rollout", "before"]
            .map(|tag| format!("{}:{tag}-{}", service().image(), stack.project()));
        let address = (Ipv4Addr::LOCALHOST, free_port()).into();
        let registry = Registry::serve(address, &stack.folder("registry"), &tags);
        Self { stack, registry }
    }
}

fn rollout(stack: &Stack, arguments: &[&str]) -> Output {
    let mut command = stack.command(&command("DRYDOCK_ROLLOUT"));
    program::run(command.args(arguments), LIMIT)
}

/// What the replicas of the service were started from: what that was called, and its ids.
fn running(stack: &Stack) -> Vec<String> {
    each(stack, |container| container["Config"]["Image"].as_str())
}
fn running_ids(stack: &Stack) -> Vec<String> {
    each(stack, |container| container["Image"].as_str())
}
fn each(stack: &Stack, what: impl Fn(&Value) -> Option<&str>) -> Vec<String> {
    let one = |id: String| {
        let container = inspect(&id);
        assert_eq!(container["State"]["Running"], true, "{id} does not run");
        what(&container).expect("a text").to_owned()
    };
    stack.containers("app").into_iter().map(one).collect()
}

fn load_on(stack: &Stack) -> Load {
    Load::start(stack, &["GET", "GET", "GET", "POST"], &[&stack.ca()])
}

pub fn a_good_image_replaces_what_runs_and_bad_ones_are_taken_back() {
    let site = Site::up("services: {app: {scale: 2}}");
    let stack = &site.stack;
    let before = running_ids(stack);
    let good = site.registry.good("good");
    let load = load_on(stack);
    let streams = Streams::start(stack);

    let output = rollout(stack, &["--watch", "3", &good]);
    succeeds(&output, "drain");
    assert!(
        output.stdout.contains(&format!("2 of {good}")),
        "{}",
        output.text()
    );
    assert_eq!(running(stack), [&*good, &*good]);
    load.goes_on();

    let never = site.registry.bad(Flaw::NeverReady);
    let output = rollout(stack, &[&never]);
    fails(&output, "a new replica is not healthy");
    fails(
        &output,
        &format!("{never} was taken back, and app runs {good}, as before"),
    );
    assert_eq!(running(stack), [&*good, &*good]);

    let later = site.registry.bad(Flaw::AfterFiveSeconds);
    let output = rollout(stack, &[&later]);
    fails(
        &output,
        &format!("{later} was taken back, and app runs {good}, as before"),
    );
    assert_eq!(running(stack), [&*good, &*good]);
    load.goes_on();

    streams.assert_all_answered();
    load.stop().assert_all_answered();
    // What failed has changed nothing of what can be taken back.
    succeeds(&rollout(stack, &["--watch", "1", "--back"]), "drain");
    assert_eq!(running_ids(stack), before);
}

/// Some of them: nobody knows before they ask.
pub fn an_image_that_fails_its_clients_is_taken_back() {
    let site = Site::up("services: {app: {scale: 2}}");
    let stack = &site.stack;
    let before = running_ids(stack);
    let errors = site.registry.bad(Flaw::Errors);
    let load = load_on(stack);
    load.reaches(500);
    fails(
        &rollout(stack, &["--watch", "3", &errors]),
        "answers of the new replicas failed",
    );
    assert_eq!(running_ids(stack), before);
    load.goes_on();
    let report = load.stop();
    assert!(report.faults.is_empty(), "{}", report.text());
    assert!(report.failed() > 0, "nobody has asked the new image");
}

/// What a rollout says first, of two replicas.
const BEGUN: &str = "started beside the 2";

/// A rollout that is stopped as it says this.
fn stopped(stack: &Stack, image: &str, at: &str, signal: Signal) -> String {
    let mut command = stack.command(&command("DRYDOCK_ROLLOUT"));
    let mut process = command
        .args(["--watch", "2", image])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a rollout starts");
    let mut lines = BufReader::new(process.stderr.take().expect("its messages")).lines();
    let mut said = String::new();
    while !said.contains(at) {
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("it does not say {at:?}: {said}"));
        said += &line.expect("a line");
    }
    // Later it may have ended before another has begun.
    if at == BEGUN {
        fails(&rollout(stack, &["--back"]), "has not ended yet");
    }
    let pid = Pid::from_child(&process);
    kill_process(pid, signal).expect("it is there");
    said.extend(lines.map_while(Result::ok));
    assert!(!process.wait().expect("it ends").success(), "{said}");
    said
}

/// Once nothing of what was killed is under way any more.
fn afterwards(stack: &Stack, arguments: &[&str]) -> Output {
    eventually("what was killed lets go", SOON, || {
        let output = rollout(stack, arguments);
        (!output.stderr.contains("has not ended yet")).then_some(output)
    })
}

/// Beside a neighbour that a replica may be connected to, which it has to keep.
pub fn stopped_half_way_it_goes_on_or_is_taken_back() {
    let edge = service().edge_image();
    let site = Site::up(&format!(
        "services: {{app: {{scale: 2}}, neighbour: {{image: '{edge}', entrypoint: [/bin/probe, --hold], \
         networks: [backend], stop_signal: SIGKILL, healthcheck: {{test: [CMD, /bin/keypair, --help]}}}}}}"
    ));
    let stack = &site.stack;
    let before = running_ids(stack);
    let [one, other] = ["one", "other"].map(|label| site.registry.good(label));
    let load = load_on(stack);

    for at in [BEGUN, "clients get to them", "drain"] {
        stopped(stack, &one, at, Signal::KILL);
        load.goes_on();
        let output = rollout(stack, &[]);
        succeeds(&output, &format!("./drydock rollout {one}' goes on"));
        fails(&up(stack), "a rollout of app is half-way");
        succeeds(&afterwards(stack, &["--back"]), "");
        assert_eq!(running_ids(stack), before, "{at}");
        fails(
            &rollout(stack, &["--back"]),
            "there is no rollout of app to take back",
        );
    }
    let said = stopped(stack, &one, "drain", Signal::TERM);
    assert!(said.contains("stopped half-way: app: "), "{said}");
    succeeds(&afterwards(stack, &["--watch", "1", &one]), "");
    assert_eq!(running(stack), [&*one, &*one]);
    stopped(stack, &other, "clients get to them", Signal::INT);
    succeeds(&afterwards(stack, &["--watch", "1", &one]), "");
    assert_eq!(running(stack), [&*one, &*one]);
    load.stop().assert_all_answered();
}

pub fn what_was_rolled_out_runs_on_after_up() {
    let site = Site::of(Stack::prepare(""));
    let stack = &site.stack;
    succeeds(&up(stack), "answers:");
    stack.take_ca();
    let good = site.registry.good("good");
    succeeds(&rollout(stack, &["--watch", "1", &good]), "drain");
    let replica = stack.container("app");
    // A second time there is nothing to do.
    succeeds(&rollout(stack, &[&good]), "runs that image already");
    succeeds(
        &up(stack),
        &format!("app runs {good}, which was rolled out"),
    );
    assert_eq!(stack.container("app"), replica, "`up` has made it anew");
    status(
        stack,
        5,
        &["it was rolled out; './drydock rollout --back app'"],
    );
    docker(&["restart", &replica]);
    assert_eq!(running(stack), [&*good]);

    let output = rollout(stack, &["--watch", "1", "--back"]);
    succeeds(&output, "drain");
    let replica = stack.container("app");
    let output = up(stack);
    succeeds(&output, "answers:");
    assert!(!output.stderr.contains("rolled out"), "{}", output.text());
    assert_eq!(stack.container("app"), replica, "`up` has made it anew");

    succeeds(&rollout(stack, &["--watch", "1", &good]), "drain");
    succeeds(&down(stack), "");
    let output = up(stack);
    assert!(!output.stderr.contains("rolled out"), "{}", output.text());
    assert_eq!(running(stack), [format!("{}:latest", service().image())]);
}

pub fn what_cannot_be_rolled_out_changes_nothing() {
    let site = Site::of(Stack::prepare(""));
    let stack = &site.stack;
    let good = site.registry.good("good");
    fails(
        &rollout(stack, &[&good]),
        "does not run; ./drydock up starts it",
    );
    assert!(stack.start().success);
    let replica = stack.container("app");
    let place = good.split('@').next().unwrap_or_default();
    let unknown = format!("{place}@sha256:{}", "0".repeat(64));
    let last = |output: &Output, sentence: &str| {
        fails(output, sentence);
        let errors = output
            .stderr
            .lines()
            .filter(|line| line.contains("error: "));
        assert_eq!(errors.count(), 1, "{}", output.text());
    };
    last(
        &rollout(stack, &[&unknown]),
        &format!("has no {unknown}; ./drydock publish"),
    );
    let nobody = format!("127.0.0.1:1/test/app@sha256:{}", "0".repeat(64));
    last(
        &rollout(stack, &[&nobody]),
        "127.0.0.1:1 does not answer the engine",
    );
    let mut elsewhere = stack.command(&command("DRYDOCK_ROLLOUT"));
    elsewhere.arg(&good).env("DOCKER_HOST", "tcp://127.0.0.1:1");
    last(
        &program::run(&mut elsewhere, LIMIT),
        "no other one was tried or started",
    );
    assert_eq!(stack.container("app"), replica);
}

pub fn ten_in_a_row_lose_no_request() {
    let site = Site::up("services: {app: {scale: 2}}");
    let stack = &site.stack;
    // One more makes a connection for each request.
    let kept = ["GET", "GET", "GET", "POST"];
    let load = Load::on(stack.https_port(), &kept, &["GET"], &[&stack.ca()]);
    let [never, later] =
        [Flaw::NeverReady, Flaw::AfterFiveSeconds].map(|flaw| site.registry.bad(flaw));
    for number in 1..=10 {
        match number {
            4 => fails(&rollout(stack, &[&later]), "was taken back"),
            7 => fails(&rollout(stack, &[&never]), "was taken back"),
            _ => {
                let good = site.registry.good(&number.to_string());
                succeeds(&rollout(stack, &["--watch", "1", &good]), "drain");
                assert_eq!(running(stack), [&*good, &*good]);
            }
        }
    }
    load.reaches(20_000);
    let report = load.stop();
    eprintln!("ten rollouts: {}", report.text());
    report.assert_all_answered();
}
