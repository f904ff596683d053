//! Whom to believe about others: IP networks and addresses.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::variable::{Allowed, Value};

/// Peers that are believed about whom they speak for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether the address is in one of the networks; `::ffff:10.0.0.1` counts as `10.0.0.1`.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A list such as `10.0.0.0/8,::1`; `none` is the empty one.
impl Value for Networks {
    const ALLOWED: Allowed = Allowed::Text(
        "IP networks and addresses separated by commas, as `10.0.0.0/8,::1`, or `none`; IPv4 in the \
         form of IPv6, as `::ffff:10.0.0.0/104`, has a prefix from 96 on",
    );

    fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self(Vec::new()));
        }
        text.split(',')
            .map(|item| network(item.trim()))
            .collect::<Option<_>>()
            .map(Self)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let items: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&items.join(","))
    }
}

fn network(text: &str) -> Option<IpNet> {
    let network: IpNet = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .ok()?;
    match (network, network.addr().to_canonical()) {
        // A peer that comes by IPv4 is known by that, so this is what can match it. A shorter prefix
        // than that of all such addresses (RFC 4291, section 2.5.5.2) would take in all of IPv4 and
        // some of IPv6, which nobody means who writes an IPv4 address.
        (IpNet::V6(mapped), IpAddr::V4(address)) => {
            let prefix = mapped.prefix_len().checked_sub(96)?;
            let network = Ipv4Net::new(address, prefix).ok()?;
            Some(network.trunc().into())
        }
        _ => Some(network.trunc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(networks: &str, address: &str) -> bool {
        let networks = Networks::parse(networks).unwrap();
        networks.contains(address.parse().unwrap())
    }

    #[test]
    fn mapped_addresses_count_as_ipv4() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!contains("10.0.0.0/8", "::ffff:11.1.2.3"));
        assert!(!contains("none", "127.0.0.1"));
    }

    #[test]
    fn mapped_networks_are_those_of_ipv4() {
        for (written, shown) in [
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::ffff:a00:0/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("::FFFF:10.1.2.3/128", "10.1.2.3/32"),
            ("::ffff:192.0.2.0/121", "192.0.2.0/25"),
            // All of IPv4, and nothing else.
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:10.0.0.0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(Networks::parse(written).unwrap().text(), shown, "{written}");
        }
        for peer in ["10.9.8.7", "::ffff:10.9.8.7"] {
            assert!(contains("::ffff:10.0.0.0/104", peer), "{peer}");
            assert!(!contains("::ffff:11.0.0.0/104", peer), "{peer}");
        }
        assert!(!contains("::ffff:0:0/96", "::1"));
    }

    #[test]
    fn a_mapped_network_with_a_prefix_that_is_short_is_refused() {
        for prefix in [0, 1, 8, 64, 80, 90, 95] {
            let written = format!("::ffff:10.0.0.0/{prefix}");
            assert_eq!(Networks::parse(&written), None, "{written}");
        }
        assert_eq!(Networks::parse("::1,::ffff:10.0.0.0/95"), None);
    }

    #[test]
    fn a_network_of_ipv6_has_no_ipv4_in_it() {
        for network in ["::/0", "::/64", "2001:db8::/32"] {
            assert!(!contains(network, "10.0.0.1"), "{network}");
            assert!(!contains(network, "::ffff:10.0.0.1"), "{network}");
        }
        assert!(contains("::/0", "2001:db8::1"));
        assert!(contains(
            "2001:db8::ffff:10.0.0.0/104",
            "2001:db8::ffff:10.1.2.3"
        ));
    }
}
