//! The service's answer through the edge: the only tests that know what it says.

use crate::stack::Stack;

const SPOOF: &str = "203.0.113.66";

/// What the edge sees as a client of this machine's published port: the gateway of its network.
fn gateway(stack: &Stack) -> String {
    let container = stack.inspect("nginx");
    let network = &container["NetworkSettings"]["Networks"][stack.network("edge")];
    network["Gateway"].as_str().expect("a gateway").to_owned()
}

fn expected(stack: &Stack) -> String {
    let client = gateway(stack);
    format!(
        "It's easier to ask forgiveness than it is to get permission.\n\
         X-Forwarded-For: {client}\n\
         X-Real-IP: {client}\n\
         X-Forwarded-Proto: https\n"
    )
}

pub fn four_lines_with_the_clients_address() {
    let stack = Stack::shared();
    let response = stack.curl(&[&stack.https("/")]);
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("Content-Type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(response.body, expected(stack));
}

pub fn each_media_type_has_its_form() {
    let stack = Stack::shared();
    for (accept, media) in [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        (
            "text/*;q=0.5, application/json;q=0.4",
            "text/plain; charset=utf-8",
        ),
    ] {
        for method in [&["--header"][..], &["--head", "--header"]] {
            let accept = format!("Accept: {accept}");
            let response = stack.curl(&[method, &[&accept, &stack.https("/")]].concat());
            assert_eq!(response.status, 200, "{accept}");
            assert_eq!(response.header("Content-Type"), Some(media), "{accept}");
            assert_eq!(
                response.header("Cache-Control"),
                Some("no-store"),
                "{accept}"
            );
            let vary = response.list("Vary");
            assert!(
                vary.split(", ").any(|name| name == "Accept"),
                "{accept}: {vary}"
            );
            assert_eq!(response.header("Set-Cookie"), None, "{accept}");
        }
    }
    let response = stack.curl(&["--header", "Accept: image/png", &stack.https("/")]);
    assert_eq!(response.status, 406);
    for media in ["text/plain", "text/html", "application/json"] {
        assert!(response.body.contains(media), "{response:?}");
    }
}

pub fn spoofed_headers_are_not_shown() {
    let stack = Stack::shared();
    let forwarded_for = format!("X-Forwarded-For: {SPOOF}");
    let real_ip = format!("X-Real-IP: {SPOOF}");
    let forwarded = format!("Forwarded: for={SPOOF};proto=gopher");
    for version in ["--http1.1", "--http2", "--http3-only"] {
        let response = stack.curl(&[
            version,
            "--header",
            &forwarded_for,
            "--header",
            &forwarded_for,
            "--header",
            &real_ip,
            "--header",
            "X-Forwarded-Proto: gopher",
            "--header",
            &forwarded,
            &stack.https("/"),
        ]);
        assert_eq!(response.body, expected(stack), "{version}");
    }
}
