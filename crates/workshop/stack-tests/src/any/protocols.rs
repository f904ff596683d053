//! HTTP/1.1, HTTP/2 and HTTP/3.

use crate::stack::Stack;

pub fn http_1_2_and_3_are_served() {
    let stack = Stack::shared();
    let cases = [
        ("--http1.1", "HTTP/1.1"),
        ("--http2", "HTTP/2"),
        ("--http3-only", "HTTP/3"),
    ];
    for (option, version) in cases {
        let response = stack.curl(&[option, &stack.home()]);
        assert_eq!(response.version, version);
        assert_eq!(response.status, 200, "{version}");
    }
}

pub fn alt_svc_names_the_port_in_use() {
    let stack = Stack::shared();
    let response = stack.curl(&[&stack.home()]);
    let value = format!("h3=\":{}\"; ma=86400", stack.https_port());
    assert_eq!(response.header("Alt-Svc"), Some(value.as_str()));

    let response = stack.curl(&["--header", "Host: localhost", &stack.home()]);
    assert_eq!(response.header("Alt-Svc"), Some("h3=\":443\"; ma=86400"));
}
