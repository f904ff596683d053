//! What testssl.sh and sslyze find on the running edge, held to what is expected of it.
//!
//! The expectations are `verdicts/*.json`: for each scanner those `always`, and those for one
//! type of key only. Each says what was found; without that it is new in every run. One that
//! is not good has in `why` the reason to accept it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{
    pair,
    program::{self, Output},
    stack::Stack,
};

/// testssl.sh makes some hundred connections, each with a few programs of the shell.
const SLOW: Duration = Duration::from_mins(10);

const TESTSSL: &str = include_str!("verdicts/testssl.json");
const SSLYZE: &str = include_str!("verdicts/sslyze.json");

/// The part of the expectations that is for the development pair.
const P_256: &str = "p-256";
/// The part for the pair of one's own.
const RSA_2048: &str = "rsa-2048";

/// What a scanner says about one thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    /// As testssl.sh grades it; sslyze only grades what it holds to a profile.
    severity: Option<String>,
    finding: Option<Value>,
    why: Option<String>,
}

type Verdicts = BTreeMap<String, Verdict>;

impl Verdict {
    fn of(severity: Option<String>, finding: Value) -> Self {
        Self {
            severity,
            finding: Some(finding),
            why: None,
        }
    }

    /// What is left open covers whatever is found.
    fn covers(&self, found: &Self) -> bool {
        let severity = self.severity.is_none() || self.severity == found.severity;
        severity && (self.finding.is_none() || self.finding == found.finding)
    }

    fn is_good(&self) -> bool {
        matches!(self.severity.as_deref(), None | Some("OK" | "INFO"))
    }
}

/// Reads the expectations for one type of key.
fn expected(file: &str, key: &str) -> Verdicts {
    let mut parts: BTreeMap<String, Verdicts> =
        serde_json::from_str(file).unwrap_or_else(|why| panic!("the expectations: {why}"));
    let mut all = parts.remove("always").expect("expectations for each key");
    all.extend(parts.remove(key).expect("expectations for this key"));
    for (id, verdict) in &all {
        assert!(
            verdict.is_good() || verdict.why.is_some(),
            "{id} has no reason"
        );
    }
    all
}

/// Asserts that the two are the same, or names each difference.
fn compare(found: &Verdicts, expected: &Verdicts) {
    let ids: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differences: Vec<String> = ids
        .into_iter()
        .filter_map(|id| match (found.get(id), expected.get(id)) {
            (Some(found), Some(expected)) if expected.covers(found) => None,
            (Some(found), Some(expected)) => {
                Some(format!("changed: {id}: {found:?}, expected {expected:?}"))
            }
            (Some(found), None) => Some(format!("new: {id}: {found:?}")),
            (None, _) => Some(format!("vanished: {id}")),
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

pub fn testssl_finds_what_is_expected_with_a_p_256_key() {
    let checks = [
        "--protocols",
        "--std",
        "--server-preference",
        "--fs",
        "--server-defaults",
        "--vulnerable",
    ];
    testssl(Stack::shared(), P_256, &checks);
}

/// Only what depends on the key: the rest is the same server.
pub fn testssl_finds_what_is_expected_with_an_rsa_key() {
    let checks = [
        "--server-preference",
        "--server-defaults",
        "--robot",
        "--freak",
        "--drown",
    ];
    testssl(pair::own(), RSA_2048, &checks);
}

fn testssl(stack: &Stack, key: &str, checks: &[&str]) {
    let mut command = Command::new("testssl.sh");
    command
        .args(["--quiet", "--warnings", "off", "--color", "0"])
        .args(["--ip", "127.0.0.1", "--nodns", "none"])
        .arg("--add-ca")
        .arg(stack.ca())
        .args(checks);
    let (report, output) = scan(stack, command, "--jsonfile", "testssl.json");
    let found: Vec<BTreeMap<String, String>> = serde_json::from_str(&report)
        .unwrap_or_else(|why| panic!("{why}: {report}\n{}", output.text()));
    let found = found
        .into_iter()
        .map(|mut one| {
            let finding = one.remove("finding").expect("a finding");
            let verdict = Verdict::of(one.remove("severity"), finding.into());
            (one.remove("id").expect("an id"), verdict)
        })
        .collect();
    compare(&found, &expected(TESTSSL, key));
}

pub fn sslyze_finds_what_is_expected_with_a_p_256_key() {
    sslyze(Stack::shared(), P_256);
}

pub fn sslyze_finds_what_is_expected_with_an_rsa_key() {
    sslyze(pair::own(), RSA_2048);
}

/// Of sslyze's report what is read here.
#[derive(Deserialize)]
struct Report {
    server_scan_results: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    scan_result: Scans,
}

#[derive(Deserialize)]
struct Scans {
    /// Has RSA's large numbers, and nothing that the profile's check and testssl.sh do not say.
    #[serde(rename = "certificate_info")]
    _certificates: IgnoredAny,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

fn sslyze(stack: &Stack, key: &str) {
    let mut command = Command::new("sslyze");
    command
        .args(["--mozilla_config", "intermediate"])
        .args(["--early_data", "--resum", "--certinfo_ca_file"])
        .arg(stack.ca());
    let (report, output) = scan(stack, command, "--json_out", "sslyze.json");
    let report: Report = serde_json::from_str(&report)
        .unwrap_or_else(|why| panic!("{why}: {report}\n{}", output.text()));
    let [server] = &report.server_scan_results[..] else {
        panic!("not one server: {}", output.text());
    };

    let mut found = BTreeMap::new();
    for (scan, outcome) in &server.scan_result.others {
        // Not asked for: what answers say is a test of its own.
        if outcome["status"] == "NOT_SCHEDULED" {
            continue;
        }
        assert_eq!(outcome["status"], "COMPLETED", "{scan}: {outcome}");
        for (name, value) in outcome["result"].as_object().expect("a result") {
            // What was refused is long, and all that was not accepted.
            if !name.starts_with("rejected_") {
                found.insert(format!("{scan}.{name}"), summary(value));
            }
        }
    }
    // The profile's verdict is on the page only, at its end: what breaks it stands after stars.
    let page = &output.stdout;
    let (_, compliance) = page
        .split_once("against Mozilla's \"intermediate\" configuration")
        .unwrap_or_else(|| panic!("{}", output.text()));
    let broken: Value = compliance
        .lines()
        .filter_map(|line| line.trim().strip_prefix("* "))
        .collect();
    let word = if compliance.contains(": OK - Compliant.") {
        "OK"
    } else {
        "FAILED"
    };
    let profile = Verdict::of(Some(word.to_owned()), broken);

    let found = found
        .into_iter()
        .map(|(id, finding)| (id, Verdict::of(None, finding)))
        .chain([("mozilla_intermediate".to_owned(), profile)])
        .collect();
    compare(&found, &expected(SSLYZE, key));
}

/// The names alone of suites and curves; other values as they are.
fn summary(value: &Value) -> Value {
    let name = |one: &Value| {
        let suite = &one["cipher_suite"]["openssl_name"];
        let name = [suite, &one["name"]].into_iter().find_map(Value::as_str);
        name.unwrap_or_else(|| panic!("no name in {one}"))
            .to_owned()
    };
    match value {
        Value::Array(list) => {
            let names: BTreeSet<String> = list.iter().map(name).collect();
            names.into_iter().collect()
        }
        other => other.clone(),
    }
}

/// Runs the scanner on the stack, and gives the report that it wrote as well.
fn scan(stack: &Stack, mut command: Command, option: &str, name: &str) -> (String, Output) {
    let report: PathBuf = stack.folder("scans").join(name);
    command
        .arg(option)
        .arg(&report)
        .arg(format!("localhost:{}", stack.https_port()));
    let output = program::run(&mut command, SLOW);
    let text = fs::read_to_string(&report)
        .unwrap_or_else(|why| panic!("no report: {why}: {}", output.text()));
    (text, output)
}
