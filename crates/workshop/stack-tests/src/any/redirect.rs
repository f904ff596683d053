//! Port 80: to https, except for ACME challenges.

use std::fs;

use crate::stack::Stack;

pub fn leads_to_the_same_host_and_path() {
    let stack = Stack::shared();
    let port = stack.https_port();
    let cases = [
        ("localhost", "/", "localhost"),
        ("LOCALHOST:80", "/a//b?c=%2F&d", "localhost"),
        ("example.com:8080", "/.well-known/other", "example.com"),
        ("[::1]:80", "/x", "[::1]"),
    ];
    for (host, path, target) in cases {
        let header = format!("Host: {host}");
        let response = stack.curl(&["--header", &header, &stack.http(path)]);
        assert_eq!(response.status, 301, "{host}");
        assert_eq!(
            response.header("Location"),
            Some(format!("https://{target}:{port}{path}").as_str()),
            "{host}"
        );
    }

    let response = stack.curl(&[&stack.http("/")]);
    let target = response.header("Location").expect("a target");
    assert_eq!(stack.curl(&[target]).status, 200, "{target}");

    // "Host:" makes curl send none, which HTTP/1.0 allows.
    for header in [
        "Host:",
        "Host;",
        "Host: a b",
        "Host: a/b",
        "Host: a\"b",
        "Host: a:b",
    ] {
        let response = stack.curl(&["--http1.0", "--header", header, &stack.http("/")]);
        assert_eq!(response.status, 400, "{header}");
    }
}

pub fn names_no_port_when_https_is_on_443() {
    let stack = Stack::up("services: {nginx: {hostname: nginx-https-443}}");
    let response = stack.curl(&[&stack.http("/path")]);
    assert_eq!(response.header("Location"), Some("https://localhost/path"));
}

pub fn leaves_acme_challenges_alone() {
    let stack = Stack::shared();
    let path = "/.well-known/acme-challenge/";
    for name in ["", "absent", "..%2f..%2f..%2f..%2fetc%2fhostname"] {
        let response = stack.curl(&[&stack.http(&format!("{path}{name}"))]);
        assert!(
            [400, 403, 404].contains(&response.status),
            "{name}: {response:?}"
        );
    }

    let folder = stack.folder("acme").join(&path[1..]);
    fs::create_dir_all(&folder).expect("the challenge folder is made");
    fs::write(folder.join("token"), "token.thumbprint").expect("the challenge is written");
    let response = stack.curl(&[&stack.http(&format!("{path}token"))]);
    assert_eq!(response.status, 200);
    assert_eq!(response.body, "token.thumbprint");
}
