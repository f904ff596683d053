//! What nginx has to be told of where it runs, since it reads neither the environment nor
//! `/etc/resolv.conf`: which name servers there are, whether there is IPv6, and which proxies in
//! front of it are believed about their clients. And what nginx does not tell anybody: what it has
//! done, as metrics.
//!
//! It runs without the standard library and without a heap: see `Cargo.toml`. What it writes is
//! written piece by piece, and what it reads is never copied.
#![cfg_attr(not(test), no_std)]

use core::{
    fmt::{self, Write},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str,
};

pub mod metrics;
pub mod validity;

/// What `launch --help` prints.
pub const HELP: &str = "\
Usage: launch CONFIGURATION SCRATCH NGINX [ARGUMENT]...

Writes what nginx has to know of where it runs into SCRATCH/edge.conf, and becomes
NGINX -c CONFIGURATION/launched.conf [ARGUMENT]...

CONFIGURATION/upstreams.conf is written with the name servers of /etc/resolv.conf in the
place of 127.0.0.11, and looks for IPv6 addresses only where this machine has one of its own.
In Kubernetes, whose names nginx would not complete, a service's name gets its namespace.
The sites are those of CONFIGURATION/sites, or of its file sites[-ipv6][-proxy].conf: where the
kernel has IPv6, nginx listens there as well.

Environment:
  DRYDOCK_TRUSTED_PROXIES  networks of proxies in front of nginx, as 10.0.0.0/8,fd00::/8, which
                           are believed about their client's address: the last one in
                           X-Forwarded-For that is none of theirs (default: none)
  DRYDOCK_PROXY_PROTOCOL   on: they say it by the PROXY protocol, every connection begins with
                           that, and there is no HTTP/3 (default: off)
  DRYDOCK_METRICS_BIND     an address and a port, as 0.0.0.0:9465, where Prometheus finds /metrics:
                           two processes beside nginx count what it does (default: none)
  DRYDOCK_ACME             anything: the certificate is renewed while nginx runs, which takes in
                           another one within some seconds, and drops no connection (default: none)
";

/// The variable with the networks of proxies.
pub const TRUSTED_PROXIES: &str = "DRYDOCK_TRUSTED_PROXIES";
/// The variable that turns the PROXY protocol on.
pub const PROXY_PROTOCOL: &str = "DRYDOCK_PROXY_PROTOCOL";

/// The variable that says where metrics are.
pub const METRICS_BIND: &str = "DRYDOCK_METRICS_BIND";

/// The variable that says that somebody renews the certificate.
pub const ACME: &str = "DRYDOCK_ACME";

/// The variable that Kubernetes gives to each container: the address of its own API.
pub const KUBERNETES: &str = "KUBERNETES_SERVICE_HOST";

/// The name server that the configuration has as it stands: Docker's own.
const NAME_SERVER: &str = "127.0.0.11";

/// How many of them are asked, as resolv.conf(5) has it.
const MAX_NAME_SERVERS: usize = 3;

/// What is there, as text; what there is not is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine<'a> {
    /// `/etc/resolv.conf`
    pub resolv: &'a str,
    /// `/proc/net/if_inet6`, a line for each address of IPv6
    pub addresses: &'a str,
    /// The value of [`KUBERNETES`].
    pub kubernetes: &'a str,
    /// The value of [`TRUSTED_PROXIES`].
    pub trusted: &'a str,
    /// The value of [`PROXY_PROTOCOL`].
    pub proxy_protocol: &'a str,
    /// The value of [`METRICS_BIND`].
    pub metrics: &'a str,
}

/// Why nginx is not started: a variable that says what is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// No network and no address.
    Network(&'a str),
    /// A network that everybody is in.
    Everybody(&'a str),
    /// Neither on nor off.
    Switch(&'a str),
    /// Nobody is believed, and everybody has to say who he is.
    Nobody,
    /// No address to listen at.
    Address(&'a str),
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(text) => write!(
                f,
                "{TRUSTED_PROXIES}: \"{}\" is no network; allowed are addresses, and networks as \
                 10.0.0.0/8 or fd00::/8, with a comma between two",
                text.as_bytes().escape_ascii()
            ),
            Self::Everybody(text) => write!(
                f,
                "{TRUSTED_PROXIES}: everybody is in {text}, and could say to be anybody; allowed \
                 are the networks of the proxies"
            ),
            Self::Switch(text) => write!(
                f,
                "{PROXY_PROTOCOL}: \"{}\" is neither; allowed are on and off",
                text.as_bytes().escape_ascii()
            ),
            Self::Nobody => write!(
                f,
                "{PROXY_PROTOCOL} is on, and {TRUSTED_PROXIES} names nobody: allowed are the \
                 networks of the proxies whose word is taken, as 10.0.0.0/8"
            ),
            Self::Address(text) => write!(
                f,
                "{METRICS_BIND}: \"{}\" is no address; allowed are an IP address and a port, as \
                 0.0.0.0:9000 or [::]:9000, and none",
                text.as_bytes().escape_ascii()
            ),
        }
    }
}

impl<'a> Machine<'a> {
    /// Whether each connection begins with the PROXY protocol.
    ///
    /// # Errors
    /// A value that is neither on nor off, and on without a proxy that is believed.
    pub fn speaks_proxy_protocol(&self) -> Result<bool, Refusal<'a>> {
        match self.proxy_protocol.trim() {
            "on" if self.trusted().next().is_none() => Err(Refusal::Nobody),
            "on" => Ok(true),
            "" | "off" => Ok(false),
            other => Err(Refusal::Switch(other)),
        }
    }

    /// Where metrics are, if anywhere.
    ///
    /// # Errors
    /// A value that is no address with a port.
    pub fn metrics_bind(&self) -> Result<Option<SocketAddr>, Refusal<'a>> {
        match self.metrics.trim() {
            "" | "none" => Ok(None),
            address => address
                .parse()
                .map(Some)
                .map_err(|_| Refusal::Address(address)),
        }
    }

    /// Writes the part of nginx's `http` block that this machine decides on.
    ///
    /// # Errors
    /// What a variable has that is not allowed. What there is no room for is left to the writer.
    pub fn write(&self, upstreams: &str, out: &mut impl Write) -> Result<fmt::Result, Refusal<'a>> {
        let speaks = self.speaks_proxy_protocol()?;
        self.metrics_bind()?;
        for network in self.trusted() {
            match prefix(network) {
                None => return Err(Refusal::Network(network)),
                Some(0) => return Err(Refusal::Everybody(network)),
                Some(_) => {}
            }
        }
        Ok(self.write_checked(speaks, upstreams, out))
    }

    fn write_checked(&self, speaks: bool, upstreams: &str, out: &mut impl Write) -> fmt::Result {
        // https://nginx.org/en/docs/http/ngx_http_realip_module.html
        for network in self.trusted() {
            writeln!(out, "set_real_ip_from {network};")?;
        }
        if speaks {
            out.write_str("real_ip_header proxy_protocol;\n")?;
        } else if self.trusted().next().is_some() {
            out.write_str("real_ip_header X-Forwarded-For;\nreal_ip_recursive on;\n")?;
        }
        for line in upstreams.lines() {
            self.write_line(line, out)?;
            out.write_char('\n')?;
        }
        Ok(())
    }

    /// A line of an `upstream` block, with the name servers and the name as they are here.
    fn write_line(&self, line: &str, out: &mut impl Write) -> fmt::Result {
        let Some(directive) = line.split_whitespace().next() else {
            return Ok(());
        };
        match (directive, line.split_once(NAME_SERVER)) {
            ("resolver", Some((before, after))) if self.name_servers().next().is_some() => {
                out.write_str(before)?;
                for (index, server) in self.name_servers().enumerate() {
                    let space = if index == 0 { "" } else { " " };
                    match server {
                        IpAddr::V4(address) => write!(out, "{space}{address}"),
                        IpAddr::V6(address) => write!(out, "{space}[{address}]"),
                    }?;
                }
                match after.split_once(" ipv6=off") {
                    Some((one, other)) if self.has_ipv6() => write!(out, "{one}{other}"),
                    _ => out.write_str(after),
                }
            }
            ("server", _) if line.contains(" resolve") => match (self.domain(), bare_name(line)) {
                (Some(domain), Some((before, after))) => write!(out, "{before}.{domain}:{after}"),
                _ => out.write_str(line),
            },
            _ => out.write_str(line),
        }
    }

    fn trusted(&self) -> impl Iterator<Item = &'a str> {
        self.trusted
            .split([',', ' '])
            .filter(|text| !text.is_empty())
    }

    /// An address with a zone, as `fe80::1%eth0`, is nothing that nginx can be told.
    fn name_servers(&self) -> impl Iterator<Item = IpAddr> {
        self.values("nameserver")
            .filter_map(|words| words.split_whitespace().next()?.parse().ok())
            .take(MAX_NAME_SERVERS)
    }

    /// What completes a name in Kubernetes, as `default.svc.cluster.local`: elsewhere a name server
    /// knows a service by its name alone, and the list is that of the machine, which may itself be
    /// a pod that runs an engine.
    /// <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>
    fn domain(&self) -> Option<&'a str> {
        if self.kubernetes.is_empty() {
            return None;
        }
        self.values("search")
            .last()?
            .split_whitespace()
            .find(|domain| domain.split('.').nth(1) == Some("svc"))
    }

    /// What follows a keyword of resolv.conf(5), for each line that begins with it.
    fn values(&self, keyword: &'static str) -> impl Iterator<Item = &'a str> {
        self.resolv
            .lines()
            .filter_map(move |line| line.strip_prefix(keyword))
            .filter(|rest| rest.starts_with([' ', '\t']))
    }

    /// Whether it has an address of IPv6 that others can reach: its scope, the fourth word, is 0.
    fn has_ipv6(&self) -> bool {
        self.addresses
            .lines()
            .any(|line| line.split_whitespace().nth(3) == Some("00"))
    }

    /// Whether there is a name server at all.
    #[must_use]
    pub fn has_name_server(&self) -> bool {
        self.name_servers().next().is_some()
    }
}

/// Whether nginx has to ask a name server for one of these services.
#[must_use]
pub fn looks_up(upstreams: &str) -> bool {
    upstreams
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("server "))
        .map(str::trim_start)
        .filter(|server| !server.starts_with(['[', '/']) && !server.starts_with("unix:"))
        .filter_map(|server| server.split(':').next())
        .any(|name| name.parse::<IpAddr>().is_err())
}

/// The file of the certificate, as a configuration names it.
#[must_use]
pub fn certificate(configuration: &str) -> Option<&str> {
    configuration
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("ssl_certificate "))
        .find_map(|rest| rest.trim_start().split(';').next())
}

/// A `server` line before and after the colon that its name ends at, if that has no domain yet.
fn bare_name(line: &str) -> Option<(&str, &str)> {
    let (before, after) = line.split_once(':')?;
    let name = before.split_whitespace().nth(1)?;
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    // What follows a socket's `unix:` is no port.
    let port = after.starts_with(|first: char| first.is_ascii_digit());
    (port && name.bytes().all(bare)).then_some((before, after))
}

/// The length of the prefix of a network; an address is one of its own.
fn prefix(text: &str) -> Option<u8> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let longest = match address.parse().ok()? {
        IpAddr::V4(_) => 32,
        // nginx knows a client that comes by IPv4 by that, so that such a network matches nobody.
        IpAddr::V6(address) if is_mapped(address) => return None,
        IpAddr::V6(_) => 128,
    };
    let Some(prefix) = prefix else {
        return Some(longest);
    };
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    let bits = prefix.parse().ok().filter(|bits| *bits <= longest);
    bits.filter(|_| digits)
}

fn is_mapped(address: Ipv6Addr) -> bool {
    address.to_ipv4_mapped().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPSTREAMS: &str = "\
upstream app {
    server      app:8000 resolve    # looked up
                max_fails=1;
    resolver    127.0.0.11 valid=1s ipv6=off;   # Docker's
    resolver_timeout 2s;
}
";

    fn written(machine: Machine<'_>) -> String {
        let mut text = String::new();
        machine.write(UPSTREAMS, &mut text).unwrap().unwrap();
        text
    }

    fn with(resolv: &str) -> Machine<'_> {
        Machine {
            resolv,
            kubernetes: "10.96.0.1",
            ..Machine::default()
        }
    }

    #[test]
    fn the_certificate_is_where_the_configuration_has_it() {
        for (text, wanted) in [
            (
                "# TLS\nssl_certificate_key /k;\n  ssl_certificate         /etc/tls.crt; # leaf first\n",
                Some("/etc/tls.crt"),
            ),
            ("ssl_certificate_key /k;\n", None),
            ("", None),
        ] {
            assert_eq!(certificate(text), wanted, "{text}");
        }
    }

    #[test]
    fn name_servers_are_those_of_the_machine() {
        for (resolv, wanted) in [
            (
                "nameserver 127.0.0.11\noptions ndots:0\n",
                "127.0.0.11 valid",
            ),
            (
                "search dns.podman\nnameserver 10.89.0.1\n",
                "10.89.0.1 valid",
            ),
            (
                "nameserver\t10.0.0.1 # first\n;nameserver 10.0.0.2\n#nameserver 10.0.0.3\nnameserver fd00::53\n",
                "10.0.0.1 [fd00::53] valid",
            ),
            (
                "nameserver fe80::1%eth0\nnameserver 1.1.1.1\n",
                "1.1.1.1 valid",
            ),
            (
                "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4",
                "1.0.0.1 1.0.0.2 1.0.0.3 valid",
            ),
            // Without any, the configuration is as it stands.
            ("", "127.0.0.11 valid"),
            ("nameservers 10.0.0.1\nnameserver ten\n", "127.0.0.11 valid"),
        ] {
            let text = written(with(resolv));
            assert!(
                text.contains(&format!(
                    "    resolver    {wanted}=1s ipv6=off;   # Docker's\n"
                )),
                "{resolv:?}: {text}"
            );
            assert!(text.contains("    resolver_timeout 2s;\n"), "{text}");
        }
        assert!(!with("options edns0\n").has_name_server());
    }

    #[test]
    fn ipv6_addresses_are_asked_for_where_there_is_one() {
        const LOOPBACK: &str = "00000000000000000000000000000001 01 80 10 80       lo\n";
        const LINK: &str = "fe80000000000000000000fffe000001 02 40 20 80     eth0\n";
        const PRIVATE: &str = "fd000000000000000000000000000002 02 40 00 80     eth0\n";
        for (addresses, wanted) in [
            (String::new(), "valid=1s ipv6=off;"),
            ([LOOPBACK, LINK].concat(), "valid=1s ipv6=off;"),
            ([LOOPBACK, LINK, PRIVATE].concat(), "valid=1s;"),
        ] {
            let text = written(Machine {
                addresses: &addresses,
                ..with("nameserver 10.0.0.1\n")
            });
            assert!(text.contains(wanted), "{addresses}: {text}");
        }
    }

    #[test]
    fn a_name_is_completed_in_kubernetes_and_nowhere_else() {
        for (resolv, wanted) in [
            (
                "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
                "app.default.svc.cluster.local:8000 resolve    # looked up\n",
            ),
            // The last list counts.
            (
                "search a.svc.one\nsearch b.svc.two\n",
                "app.b.svc.two:8000 resolve ",
            ),
            (
                "search example.com\nnameserver 127.0.0.11\n",
                "app:8000 resolve ",
            ),
            ("search svc.example.com\n", "app:8000 resolve "),
            ("search dns.podman\n", "app:8000 resolve "),
            ("search\n", "app:8000 resolve "),
        ] {
            let text = written(with(resolv));
            assert!(
                text.contains(&format!("    server      {wanted}")),
                "{resolv:?}: {text}"
            );
            assert!(text.starts_with("upstream app {\n"), "{text}");
        }
    }

    /// An engine in a pod gives its containers the list of that pod.
    #[test]
    fn a_list_of_kubernetes_completes_nothing_elsewhere() {
        let text = written(Machine {
            kubernetes: "",
            ..with("search default.svc.cluster.local\nnameserver 127.0.0.11\n")
        });
        assert!(text.contains("    server      app:8000 resolve "), "{text}");
    }

    #[test]
    fn only_a_bare_name_is_completed() {
        let kubernetes = with("search n.svc.c\n");
        for server in [
            "127.0.0.1:8000",
            "[::1]:8000",
            "unix:/run/app/a:b",
            "app.other:8000",
        ] {
            let line = format!("server {server} resolve;");
            let mut text = String::new();
            kubernetes.write(&line, &mut text).unwrap().unwrap();
            assert_eq!(text, format!("{line}\n"));
        }
        let mut text = String::new();
        kubernetes
            .write("server app:8000;", &mut text)
            .unwrap()
            .unwrap();
        assert_eq!(text, "server app:8000;\n");
    }

    #[test]
    fn addresses_need_no_name_server() {
        for (server, wanted) in [
            ("app:8000", true),
            ("app.other:8000", true),
            ("127.0.0.1:8000", false),
            ("[::1]:8000", false),
            ("unix:/run/app/socket", false),
        ] {
            assert_eq!(
                looks_up(&format!("  server   {server} resolve;")),
                wanted,
                "{server}"
            );
        }
        assert!(!looks_up("upstream app {\n resolver_timeout 2s;\n"));
    }

    fn trusting<'a>(trusted: &'a str, proxy_protocol: &'a str) -> Machine<'a> {
        Machine {
            trusted,
            proxy_protocol,
            ..Machine::default()
        }
    }

    #[test]
    fn nobody_is_believed_unless_he_is_named() {
        for off in ["", " ", "off", " off\n"] {
            let machine = trusting("", off);
            assert!(written(machine).starts_with("upstream app {\n"));
            assert_eq!(machine.speaks_proxy_protocol(), Ok(false));
        }
        assert!(written(trusting("10.0.0.0/8, fd00::/8,192.0.2.1", "")).starts_with(
            "set_real_ip_from 10.0.0.0/8;\nset_real_ip_from fd00::/8;\nset_real_ip_from 192.0.2.1;\nreal_ip_header X-Forwarded-For;\nreal_ip_recursive on;\nupstream app {\n"
        ));
        let machine = trusting("10.0.0.0/8", "on");
        assert_eq!(machine.speaks_proxy_protocol(), Ok(true));
        assert!(written(machine).starts_with(
            "set_real_ip_from 10.0.0.0/8;\nreal_ip_header proxy_protocol;\nupstream app {\n"
        ));
    }

    fn measured(metrics: &str) -> Machine<'_> {
        Machine {
            metrics,
            ..Machine::default()
        }
    }

    #[test]
    fn metrics_are_where_they_are_asked_for() {
        for (text, wanted) in [
            ("", None),
            ("none", None),
            ("0.0.0.0:9465", Some("0.0.0.0:9465")),
            (" [::1]:1\n", Some("[::1]:1")),
        ] {
            let wanted = wanted.map(|address| address.parse().unwrap());
            assert_eq!(measured(text).metrics_bind(), Ok(wanted));
        }
    }

    #[test]
    fn what_is_not_allowed_is_refused_in_one_line() {
        for (machine, refusal) in [
            (measured("9465"), Refusal::Address("9465")),
            (measured("off"), Refusal::Address("off")),
            (measured("edge:9\n"), Refusal::Address("edge:9")),
            (trusting("10.0.0.0/33", ""), Refusal::Network("10.0.0.0/33")),
            (trusting("10.0.0.0/8,all", ""), Refusal::Network("all")),
            (trusting("10.0.0.0/", ""), Refusal::Network("10.0.0.0/")),
            (trusting("10.0.0.0/+8", ""), Refusal::Network("10.0.0.0/+8")),
            (trusting("10.0.0.0/8;", ""), Refusal::Network("10.0.0.0/8;")),
            (trusting("10.0.0/8", ""), Refusal::Network("10.0.0/8")),
            (trusting("::1/129", ""), Refusal::Network("::1/129")),
            (
                trusting("::ffff:10.0.0.0/104", ""),
                Refusal::Network("::ffff:10.0.0.0/104"),
            ),
            (trusting("unix:", ""), Refusal::Network("unix:")),
            (
                trusting("10.0.0.0/8\n#", "on"),
                Refusal::Network("10.0.0.0/8\n#"),
            ),
            (
                trusting("10.0.0.0/8,0.0.0.0/0", ""),
                Refusal::Everybody("0.0.0.0/0"),
            ),
            (trusting("::/0", "on"), Refusal::Everybody("::/0")),
            (trusting("10.0.0.0/8", "yes"), Refusal::Switch("yes")),
            (trusting("10.0.0.0/8", "ON\n1"), Refusal::Switch("ON\n1")),
            (trusting(" , ", "on"), Refusal::Nobody),
        ] {
            let mut text = String::new();
            assert_eq!(machine.write(UPSTREAMS, &mut text), Err(refusal));
            let sentence = refusal.to_string();
            assert!(sentence.contains("allowed are"), "{sentence}");
            assert!(
                sentence.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{sentence}"
            );
            assert!(text.is_empty());
        }
    }
}
