//! What has to be known of a certificate to renew it.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::SystemTime,
};

use instant_acme::{CertificateIdentifier, Identifier};
use rustls_pki_types::{CertificateDer, Der, pem::PemObject};
use x509_cert::{
    Certificate as Parsed,
    der::{Decode, Encode},
    ext::pkix::{AuthorityKeyIdentifier, SubjectAltName, name::GeneralName},
};

/// The first certificate of a chain.
pub(crate) struct Certificate {
    /// What the authority knows it by (RFC 9773, section 4.1), if it says whose it is.
    pub(crate) id: Option<CertificateIdentifier<'static>>,
    /// The names and addresses that it is for, as they are written.
    pub(crate) names: BTreeSet<String>,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
}

impl Certificate {
    /// Reads it; none if there is none that can be read, which is a reason to get another one.
    pub(crate) fn of(chain: &[u8]) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(chain).ok()?;
        let parsed = Parsed::from_der(&der).ok()?;
        let tbs = parsed.tbs_certificate();
        let names = tbs.get_extension::<SubjectAltName>().ok()??.1;
        let validity = tbs.validity();
        Some(Self {
            id: id_of(&parsed),
            names: names.0.iter().filter_map(name).collect(),
            not_before: validity.not_before.to_system_time(),
            not_after: validity.not_after.to_system_time(),
        })
    }

    /// Whether it is for these names, and for no other.
    pub(crate) fn is_for(&self, names: &[Identifier]) -> bool {
        self.names == names.iter().map(written).collect()
    }
}

fn id_of(parsed: &Parsed) -> Option<CertificateIdentifier<'static>> {
    let tbs = parsed.tbs_certificate();
    let authority = tbs.get_extension::<AuthorityKeyIdentifier>().ok()??.1;
    let key = authority.key_identifier?;
    // The number as it is encoded, with a zero in front where its first bit is set: a tag and a
    // length, which for a number of at most 20 bytes is one byte, come before it.
    let serial = tbs.serial_number().to_der().ok()?;
    Some(CertificateIdentifier::new(
        Der::from_slice(key.as_bytes()),
        Der::from_slice(serial.get(2..)?),
    ))
}

/// A name or an address as people write it.
pub(crate) fn written(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Dns(name) => name.clone(),
        Identifier::Ip(address) => address.to_string(),
        other => format!("{other:?}"),
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes().len() {
            4 => {
                let bytes: [u8; 4] = bytes.as_bytes().try_into().ok()?;
                Some(IpAddr::V4(Ipv4Addr::from(bytes)).to_string())
            }
            16 => {
                let bytes: [u8; 16] = bytes.as_bytes().try_into().ok()?;
                Some(IpAddr::V6(Ipv6Addr::from(bytes)).to_string())
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use rcgen::{
        BasicConstraints, CertificateParams, IsCa, Issuer, KeyIdMethod, KeyPair, SerialNumber,
        date_time_ymd,
    };

    use super::*;

    fn chain(serial: &[u8]) -> Vec<u8> {
        let key = || KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_identifier_method = KeyIdMethod::PreSpecified(vec![0xc0, 0xff, 0xee]);
        let names = ["b.example", "a.example", "192.0.2.7", "2001:db8::1"].map(str::to_owned);
        let mut leaf = CertificateParams::new(names).unwrap();
        leaf.serial_number = Some(SerialNumber::from_slice(serial));
        leaf.use_authority_key_identifier_extension = true;
        leaf.not_before = date_time_ymd(1970, 1, 2);
        leaf.not_after = date_time_ymd(1970, 1, 11);
        let signed = leaf.signed_by(&key(), &Issuer::new(authority, key()));
        signed.unwrap().pem().into_bytes()
    }

    #[test]
    fn what_has_to_be_known_is_read() {
        // The second number has a first bit that would be its sign.
        for (serial, wanted) in [
            (&[0x4a, 0xfe][..], "wP_u.Sv4"),
            (&[0xca, 0xfe], "wP_u.AMr-"),
        ] {
            let read = Certificate::of(&chain(serial)).unwrap();
            assert_eq!(read.id.unwrap().to_string(), wanted);
            let day = Duration::from_hours(24);
            assert_eq!(read.not_before, UNIX_EPOCH + day);
            assert_eq!(read.not_after, UNIX_EPOCH + day * 10);
        }
        for text in [
            "",
            "no PEM",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(Certificate::of(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn it_is_for_its_names_and_no_others() {
        let read = Certificate::of(&chain(&[1])).unwrap();
        let name = |text: &str| match text.parse() {
            Ok(address) => Identifier::Ip(address),
            Err(_) => Identifier::Dns(text.to_owned()),
        };
        for (names, wanted) in [
            ("a.example b.example 192.0.2.7 2001:db8:0::1", true),
            ("a.example b.example 192.0.2.7", false),
            ("a.example b.example 192.0.2.7 2001:db8::1 c.example", false),
        ] {
            let names: Vec<_> = names.split(' ').map(name).collect();
            assert_eq!(read.is_for(&names), wanted, "{names:?}");
        }
    }
}
