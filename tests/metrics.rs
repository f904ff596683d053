//! What docs/CONFIGURATION.md says of metrics.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../crates/chassis/tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;

use support::{App, Client};

#[test]
fn the_page_names_every_metric_that_there_is() {
    let app = App::start(&[("APP_METRICS_BIND", "127.0.0.1:0")]);
    let port = support::port_in(&app.line("metrics are at"));
    let mut client = Client::connect(([127, 0, 0, 1], port).into());
    client.send("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
    let body = client.answer().body;
    let types = body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let there: BTreeSet<_> = types.map(|line| line.split(' ').next().unwrap()).collect();

    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CONFIGURATION.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.split("| metric |").nth(1).unwrap().lines().skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let said: BTreeSet<_> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
        .collect();
    assert_eq!(said, there);
}
