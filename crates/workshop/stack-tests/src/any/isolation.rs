//! The app's network: nobody but nginx reaches the app, and the app reaches nobody.

use std::{env, fs};

use serde_json::{Value, json};

use crate::{
    service::service,
    stack::{self, Stack, docker},
};

pub fn the_host_cannot_reach_the_app() {
    let stack = Stack::shared();
    let app = stack.inspect("app");
    let settings = &app["NetworkSettings"];
    let published = settings["Ports"].as_object().expect("ports");
    for (port, bindings) in published {
        let bindings = bindings.as_array();
        assert!(bindings.is_none_or(Vec::is_empty), "{port} is published");
    }

    let address = &settings["Networks"][stack.network("backend")]["IPAddress"];
    let address = address.as_str().expect("an address");
    // Some other program may well answer at these addresses: the app's own log is the witness.
    let path = "/from-the-host";
    for host in ["localhost", "127.0.0.1", "[::1]", address] {
        let url = format!("http://{host}:{}{path}", service().port);
        let _ = stack.try_curl(&["--max-time", "2", &url]);
    }
    let app = stack.container("app");
    assert!(
        !docker(&["logs", &app]).contains(path),
        "the host reaches the app"
    );
    // The witness sees well who comes the right way.
    let path = "/through-the-edge";
    stack.curl(&[&stack.https(path)]);
    assert!(
        docker(&["logs", &app]).contains(path),
        "the app does not log requests"
    );
}

pub fn the_app_has_no_way_out() {
    let stack = Stack::shared();
    let network: Value =
        serde_json::from_str(&docker(&["network", "inspect", &stack.network("backend")]))
            .expect("JSON from docker inspect");
    assert_eq!(network[0]["Internal"], json!(true));

    // The nearest thing outside: nginx's address on the other network.
    let nginx = stack.inspect("nginx");
    let edge = &nginx["NetworkSettings"]["Networks"][stack.network("edge")];
    let url = format!(
        "http://{}/",
        edge["IPAddress"].as_str().expect("an address")
    );
    let probe = |network: &str| stack::probe(network, &url).text();
    let answered = "301";
    let from_the_edge = probe(&stack.network("edge"));
    assert!(from_the_edge.contains(answered), "{from_the_edge}");
    let from_the_app = probe(&format!("container:{}", stack.container("app")));
    assert!(
        !from_the_app.is_empty() && !from_the_app.contains(answered),
        "{from_the_app}"
    );
}

/// The compose file of a service that has the setting `egress`: what else there is, is the same.
const WITH_EGRESS: &str = "DRYDOCK_EGRESS";

pub fn the_app_calls_out_only_where_it_asked_to() {
    let stack = Stack::prepare("");
    let file = env::var(WITH_EGRESS)
        .unwrap_or_else(|_| panic!("{WITH_EGRESS} names no file: nix run .#test sets it"));
    let text = fs::read(file).expect("the compose file is read");
    fs::write(stack.folder("").join("compose.yaml"), text).expect("it is written");
    let output = stack.start();
    assert!(output.success, "the stack did not start: {}", output.text());

    // This machine, as the container sees it: the edge answers at its published port.
    let app = stack.inspect("app");
    let egress = &app["NetworkSettings"]["Networks"][stack.network("egress")];
    let gateway = egress["Gateway"].as_str().expect("a gateway");
    let url = format!("http://{gateway}:{}/", stack.http_port());
    let probe = |stack: &Stack| {
        let network = format!("container:{}", stack.container("app"));
        stack::probe(&network, &url).text()
    };
    let answered = "301";
    let asked = probe(&stack);
    assert!(asked.contains(answered), "{asked}");
    let not_asked = probe(Stack::shared());
    assert!(
        !not_asked.is_empty() && !not_asked.contains(answered),
        "{not_asked}"
    );
}
