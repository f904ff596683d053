//! What an operator sees of a request: a line in each log, and the service's metrics.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use crate::{
    program::eventually,
    stack::{self, Stack, docker},
};

/// What the edge and the service both write down of a request.
const SHARED: [&str; 8] = [
    "client",
    "duration_s",
    "method",
    "path",
    "request_id",
    "status",
    "time",
    "trace_id",
];

/// What cannot be the same: the edge begins earlier.
const OWN: [&str; 2] = ["duration_s", "time"];

const METRICS: &str = "9464";

fn observed() -> Stack {
    Stack::up(&format!(
        "services: {{app: {{environment: {{APP_LOG_FORMAT: json, APP_METRICS_BIND: '0.0.0.0:{METRICS}'}}}}}}"
    ))
}

pub fn both_logs_call_the_same_thing_the_same() {
    let stack = observed();
    let response = stack.curl(&[&stack.https("/nothing-here?secret")]);
    assert_eq!(response.status, 404);
    let id = response.header("X-Request-Id").expect("a request id");
    let [edge, service] = ["nginx", "app"].map(|name| {
        let container = stack.container(name);
        let line = eventually("the request's line", Duration::from_secs(5), || {
            let log = docker(&["logs", &container]);
            let line = log.lines().find(|line| line.contains(id))?;
            Some(line.to_owned())
        });
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
        line.as_object().expect("an object").clone()
    });
    let names = |line: &serde_json::Map<String, Value>| -> BTreeSet<String> {
        line.keys().cloned().collect()
    };
    let both: Vec<_> = names(&edge)
        .intersection(&names(&service))
        .cloned()
        .collect();
    assert_eq!(both, SHARED);
    for name in SHARED {
        assert!(
            edge[name] == service[name] || OWN.contains(&name),
            "{name}: {edge:?} {service:?}"
        );
    }
    assert_eq!(edge["trace_id"], id);
}

pub fn metrics_are_for_the_services_own_network() {
    let stack = observed();
    assert_eq!(stack.curl(&[&stack.https("/metrics")]).status, 404);
    let host = format!("Host: app:{METRICS}");
    let response = stack.curl(&["--header", &host, &stack.https("/metrics")]);
    assert_eq!(response.status, 404);

    let published = &stack.inspect("app")["NetworkSettings"]["Ports"];
    assert!(!published.to_string().contains(METRICS), "{published}");
    let networks = &stack.inspect("app")["NetworkSettings"]["Networks"];
    let address = networks[stack.network("backend")]["IPAddress"].as_str();
    // The probe asks no DNS.
    let url = format!("http://{}:{METRICS}/metrics", address.expect("an address"));
    let asks = |network: &str| stack::probe(network, &url).success;
    assert!(asks(&stack.network("backend")), "nobody can look");
    assert!(!asks(&stack.network("edge")), "the edge's network can look");
}
