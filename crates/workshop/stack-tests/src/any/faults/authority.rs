//! The certificate is got by ACME, from Pebble, whose certificates last for seconds.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;

use super::load::{self, Load};
use crate::{
    client,
    pair::{P_256, make_pair},
    program::eventually,
    stack::{Stack, free_port},
};

/// How the containers call the machine that the authority runs on.
const HOST: &str = "authority.test";

/// How long a certificate lasts, and how long a new one may take.
const LIFETIME: Duration = Duration::from_secs(30);
const LIMIT: Duration = Duration::from_secs(90);

/// Ends with the test.
struct Authority(Child);

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An authority for this stack, which has to start with what its file `.env` says then; with the
/// certificate that all of the authority's end in.
fn authority(stack: &Stack) -> Authority {
    let folder = stack.folder("authority");
    let mut names = P_256.to_vec();
    let both = format!("subjectAltName=DNS:localhost,DNS:{HOST}");
    names.extend(["-addext", &both]);
    names.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
    make_pair(&folder, "server", &names);
    let (port, management) = (free_port(), free_port());
    let settings = json!({ "pebble": {
        "listenAddress": format!("0.0.0.0:{port}"),
        "managementListenAddress": format!("127.0.0.1:{management}"),
        "certificate": folder.join("server.crt"),
        "privateKey": folder.join("server.key"),
        "httpPort": stack.http_port(),
        "tlsPort": stack.https_port(),
        "keyAlgorithm": "ecdsa",
        "profiles": { "brief": { "description": "", "validityPeriod": LIFETIME.as_secs() } },
        "retryAfter": { "authz": 1, "order": 1 },
    } });
    let file = folder.join("pebble.json");
    fs::write(&file, settings.to_string()).expect("the settings are written");
    let pebble = Command::new("pebble")
        .arg("-config")
        .arg(file)
        .env("PEBBLE_VA_NOSLEEP", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pebble is started");
    let authority = Authority(pebble);

    let root = format!("https://localhost:{management}/roots/0");
    let server = folder.join("server.crt");
    let root = eventually("the authority", LIMIT, || {
        client::try_curl(&server, &[&root]).ok()
    });
    fs::write(folder.join("root.crt"), root.body).expect("the root is written");
    let settings = format!(
        "DRYDOCK_ACME=mailto:you@example.org\nDRYDOCK_ACME_NAMES=localhost\n\
         DRYDOCK_ACME_DIRECTORY=https://{HOST}:{port}/dir\nDRYDOCK_ACME_PROFILE=brief\n\
         DRYDOCK_ACME_CA=./authority/server.crt\n"
    );
    fs::write(folder.with_file_name(".env"), settings).expect("the settings are written");
    authority
}

/// The certificate that a new connection gets, in DER, where anything answers that is trusted.
fn served(port: u16, trusted: &[&Path]) -> Option<Vec<u8>> {
    let connection = load::connect_to(port, trusted).ok()?;
    connection.certificate()
}

pub fn certificates_by_acme_are_renewed_without_a_failed_request() {
    let port = free_port();
    // Another replica of the edge, on a port of its own.
    let stack = Stack::prepare(&format!(
        "services: {{acme: {{extra_hosts: ['{HOST}:host-gateway']}}, second: {{extends: \
         {{file: compose.yaml, service: nginx}}, ports: !override ['{port}:443/tcp']}}}}"
    ));
    let _authority = authority(&stack);
    let root = stack.folder("authority").join("root.crt");
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());
    let ports = [stack.https_port(), port];
    for port in ports {
        eventually("a certificate of the authority", LIMIT, || {
            served(port, &[&root])
        });
    }
    let load = Load::start(&stack, &["GET", "GET", "GET", "POST"], &[&root]);
    let other = Load::on(port, &[], &["GET", "GET"], &[&root]);
    let [first, second] = ports.map(|port| {
        let mut seen = BTreeSet::new();
        eventually("two renewals", LIMIT, || {
            seen.extend(served(port, &[&root]));
            (seen.len() >= 3).then_some(())
        });
        seen
    });
    assert!(!first.is_disjoint(&second), "they have a pair each");
    for report in [load.stop(), other.stop()] {
        report.assert_all_answered();
    }
    let said = stack.compose(&["logs", "--no-color", "acme"]).text();
    let count = said.lines().filter(|line| line.contains("handed over"));
    assert!(count.count() >= 3, "{said}");

    // A start leaves what was got, and makes no development pair.
    stack.composed(&["run", "--rm", "--no-deps", "-T", "tls"]);
    assert!(served(stack.https_port(), &[&root]).is_some());
}
