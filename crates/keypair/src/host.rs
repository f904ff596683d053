//! The hosts that a certificate names (RFC 5280, 4.2.1.6), and which of them an authority may
//! vouch for (4.2.1.10).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use x509_cert::ext::pkix::{NameConstraints, name::GeneralName};

/// A host as clients look for it.
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Host {
    /// The host that an entry of subjectAltName stands for; none if it is of a kind that is no
    /// host's, such as that of a mail address.
    ///
    /// # Errors
    /// A part of a sentence: the entry, and why no client matches it.
    pub(super) fn of(entry: &GeneralName) -> Option<Result<Self, String>> {
        match entry {
            GeneralName::DnsName(name) => Some(dns(name.as_str())),
            GeneralName::IpAddress(bytes) => {
                let bytes = bytes.as_bytes();
                let address = address(bytes).map(Self::Address);
                Some(address.ok_or_else(|| format!("an IP address of {} bytes", bytes.len())))
            }
            _ => None,
        }
    }

    /// Whether the authority that has these constraints may vouch for the host.
    pub(super) fn is_within(&self, constraints: &NameConstraints) -> bool {
        let subtrees = |trees: &Option<Vec<_>>| -> Vec<bool> {
            let trees = trees.iter().flatten();
            trees
                .filter_map(|tree: &Tree| self.is_below(&tree.base))
                .collect()
        };
        let permitted = subtrees(&constraints.permitted_subtrees);
        let excluded = subtrees(&constraints.excluded_subtrees);
        (permitted.is_empty() || permitted.contains(&true)) && !excluded.contains(&true)
    }

    /// Whether the host is in the subtree; none if that is about another kind of name.
    fn is_below(&self, base: &GeneralName) -> Option<bool> {
        match (self, base) {
            (Self::Name(name), GeneralName::DnsName(base)) => {
                let name = name.to_ascii_lowercase();
                let base = base.as_str().to_ascii_lowercase();
                // With a dot before it, as some have it, it stands for what is below alone.
                let above = name.strip_suffix(base.as_str());
                Some(above.is_some_and(|above| {
                    above.is_empty()
                        || base.is_empty()
                        || above.ends_with('.')
                        || base.starts_with('.')
                }))
            }
            (Self::Address(address), GeneralName::IpAddress(base)) => {
                let octets = match address {
                    IpAddr::V4(address) => address.octets().to_vec(),
                    IpAddr::V6(address) => address.octets().to_vec(),
                };
                let (network, mask) = base.as_bytes().split_at(base.as_bytes().len() / 2);
                (network.len() == octets.len()).then(|| {
                    let pairs = octets.iter().zip(network).zip(mask);
                    pairs
                        .into_iter()
                        .all(|((one, other), mask)| one & mask == other & mask)
                })
            }
            _ => None,
        }
    }
}

type Tree = x509_cert::ext::pkix::constraints::name::GeneralSubtree;

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)));
    let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::from(Ipv6Addr::from(bytes)));
    v4.or(v6).ok()
}

fn dns(name: &str) -> Result<Host, String> {
    let refuse = |why: &str| Err(format!("the DNS name {name}, which {why}"));
    if name.parse::<IpAddr>().is_ok() {
        return refuse("is an address, and belongs into an IP entry");
    }
    // The letters of a host's name (RFC 5890, 2.3.1), and the underscore, which is in use; a
    // wildcard is the whole of the first label (RFC 9525, 6.3).
    let labels = name.strip_prefix("*.").unwrap_or(name).split('.');
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=63).contains(&label.len()) && label.bytes().all(fits)
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    // What ends in a number is taken for an address (URL standard, 3.5).
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    if name.len() > 253 || is_number || !labels.into_iter().all(is_label) {
        return refuse("is no host's: allowed are such as example.org and *.example.org");
    }
    Ok(Host::Name(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use x509_cert::der::asn1::{Ia5String, OctetString};

    use super::*;

    fn name(text: &str) -> GeneralName {
        GeneralName::DnsName(Ia5String::new(text).unwrap())
    }

    fn bytes(bytes: &[u8]) -> GeneralName {
        GeneralName::IpAddress(OctetString::new(bytes).unwrap())
    }

    #[test]
    fn what_clients_match() {
        for (entry, wanted) in [
            (name("example.org"), Ok("example.org")),
            (name("*.example.org"), Ok("*.example.org")),
            (name("localhost"), Ok("localhost")),
            (
                name("_a.xn--bcher-kva.example"),
                Ok("_a.xn--bcher-kva.example"),
            ),
            (bytes(&[192, 0, 2, 7]), Ok("192.0.2.7")),
            (bytes(&[0; 16]), Ok("::")),
            (
                name("192.0.2.7"),
                Err("the DNS name 192.0.2.7, which is an address"),
            ),
            (name("::1"), Err("is an address")),
            (name("192.0.2.300"), Err("no host's")),
            (name(""), Err("no host's")),
            (name("*"), Err("no host's")),
            (name("a.*.example"), Err("no host's")),
            (name("a*.example"), Err("no host's")),
            (name("example.org."), Err("no host's")),
            (name("https://example.org/"), Err("no host's")),
            (name("example.org:443"), Err("no host's")),
            (name("a b"), Err("no host's")),
            (bytes(&[1, 2, 3]), Err("an IP address of 3 bytes")),
        ] {
            match (Host::of(&entry).unwrap(), wanted) {
                (Ok(host), Ok(wanted)) => assert_eq!(host.to_string(), wanted),
                (Err(why), Err(wanted)) => assert!(why.contains(wanted), "{why}"),
                (is, _) => panic!("{entry:?}: {:?}", is.map(|host| host.to_string())),
            }
        }
        let mail = GeneralName::Rfc822Name(Ia5String::new("a@example.org").unwrap());
        assert!(Host::of(&mail).is_none());
    }

    #[test]
    fn what_an_authority_may_vouch_for() {
        let v4 = |octets: [u8; 4], mask: [u8; 4]| bytes(&[octets, mask].concat());
        let net = || v4([192, 0, 2, 0], [255, 255, 255, 0]);
        for (host, permitted, excluded, wanted) in [
            (name("a.example"), vec![], vec![], true),
            (name("a.example"), vec![name("example")], vec![], true),
            (name("A.EXAMPLE"), vec![name("example")], vec![], true),
            (name("*.example"), vec![name("example")], vec![], true),
            (name("example"), vec![name("example")], vec![], true),
            (name("an-example"), vec![name("example")], vec![], false),
            (name("a.example"), vec![name(".example")], vec![], true),
            (name("example"), vec![name(".example")], vec![], false),
            (
                name("a.example"),
                vec![name("b.example"), name("a.example")],
                vec![],
                true,
            ),
            (name("a.example"), vec![name("")], vec![], true),
            (name("a.example"), vec![], vec![name("")], false),
            (
                name("a.example"),
                vec![name("example")],
                vec![name("a.example")],
                false,
            ),
            (name("a.example"), vec![net()], vec![], true),
            (bytes(&[192, 0, 2, 7]), vec![net()], vec![], true),
            (bytes(&[192, 0, 3, 7]), vec![net()], vec![], false),
            (bytes(&[192, 0, 2, 7]), vec![], vec![net()], false),
            (bytes(&[0; 16]), vec![net()], vec![], true),
        ] {
            let trees = |bases: Vec<GeneralName>| {
                let tree = |base| Tree {
                    base,
                    minimum: 0,
                    maximum: None,
                };
                (!bases.is_empty()).then(|| bases.into_iter().map(tree).collect())
            };
            let shown = format!("{host:?} {permitted:?} {excluded:?}");
            let constraints = NameConstraints {
                permitted_subtrees: trees(permitted),
                excluded_subtrees: trees(excluded),
            };
            let host = Host::of(&host).unwrap().ok().unwrap();
            assert_eq!(host.is_within(&constraints), wanted, "{shown}");
        }
    }
}
