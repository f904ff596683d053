//! The app's network: nobody but nginx reaches the app, and the app reaches nobody.

use serde_json::json;

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
    let network: serde_json::Value =
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
