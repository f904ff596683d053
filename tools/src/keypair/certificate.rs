//! One certificate (RFC 5280) and the facts about it that the checks ask for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use x509_cert::{
    certificate::{CertificateInner, Raw},
    der::{DateTime, Decode, Reader, SliceReader, asn1::ObjectIdentifier, oid::AssociatedOid},
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName, name::GeneralName},
};

use super::{
    name,
    public_key::{PublicKey, Scheme, scheme},
};

/// id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280, 4.2.1.12).
const SERVER_USES: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
];

/// A certificate whose ASN.1 could be read, and whose key and extensions are understood.
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) key: PublicKey,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: DateTime,
    pub(super) not_after: DateTime,
    pub(super) authority: Option<BasicConstraints>,
    pub(super) usage: Option<KeyUsage>,
    /// Host names and addresses that the certificate is for.
    pub(super) names: Vec<String>,
    extended: Option<ExtendedKeyUsage>,
    /// The signed part, as it was sent: to encode it again could give other bytes.
    signed: Vec<u8>,
    parsed: CertificateInner<Raw>,
}

impl Certificate {
    /// # Errors
    /// The end of a sentence that starts with the certificate's name.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, String> {
        let broken = |_| "cannot be read: its ASN.1 is not a certificate's".to_owned();
        // The profile `Raw` takes long or negative serial numbers too, which old private
        // authorities gave out and which clients accept.
        let parsed = CertificateInner::<Raw>::from_der(der).map_err(broken)?;
        let signed = signed_part(der).map_err(broken)?;
        let tbs = parsed.tbs_certificate();
        Ok(Self {
            der: der.to_vec(),
            key: PublicKey::from_spki(tbs.subject_public_key_info())?,
            subject: name::text(tbs.subject()),
            issuer: name::text(tbs.issuer()),
            not_before: tbs.validity().not_before.to_date_time(),
            not_after: tbs.validity().not_after.to_date_time(),
            authority: extension(&parsed)?,
            usage: extension(&parsed)?,
            names: extension(&parsed)?.map_or_else(Vec::new, names),
            extended: extension(&parsed)?,
            signed,
            parsed,
        })
    }

    /// Whether subject and issuer are the same, as in a root.
    pub(super) fn is_self_issued(&self) -> bool {
        same_name(&self.subject, &self.issuer)
    }

    /// Whether it says that it may sign certificates.
    pub(super) fn is_authority(&self) -> bool {
        self.authority
            .as_ref()
            .is_some_and(|constraints| constraints.ca)
    }

    /// Whether its extended key usage, if it has one, allows a TLS server.
    pub(super) fn is_for_servers(&self) -> bool {
        self.extended
            .as_ref()
            .is_none_or(|uses| uses.0.iter().any(|usage| SERVER_USES.contains(usage)))
    }

    /// Whether its issuer goes by `issuer`'s name.
    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        same_name(&self.issuer, &issuer.subject)
    }

    /// How it is signed.
    ///
    /// # Errors
    /// The end of a sentence that starts with the certificate's name.
    pub(super) fn scheme(&self) -> Result<Scheme, String> {
        // RFC 5280, 4.1.1.2: what is signed names the algorithm too, or it could be exchanged.
        let outer = self.parsed.signature_algorithm();
        if outer != self.parsed.tbs_certificate().signature() {
            return Err("names two different signature algorithms".to_owned());
        }
        scheme(outer)
    }

    /// Whether `issuer`'s key made the signature.
    pub(super) fn is_signed_by(&self, issuer: &PublicKey, scheme: Scheme) -> bool {
        let signature = self.parsed.signature().as_bytes();
        signature.is_some_and(|signature| issuer.verifies(scheme, &self.signed, signature))
    }
}

/// The bytes of `tbsCertificate`, the first element of the outer sequence.
fn signed_part(der: &[u8]) -> x509_cert::der::Result<Vec<u8>> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|outer| {
        let signed = outer.tlv_bytes()?.to_vec();
        while !outer.is_finished() {
            outer.tlv_bytes()?;
        }
        Ok(signed)
    })
}

fn extension<'a, T>(parsed: &'a CertificateInner<Raw>) -> Result<Option<T>, String>
where
    T: Decode<'a> + AssociatedOid,
{
    let found = parsed.tbs_certificate().get_extension::<T>();
    let found = found.map_err(|_| format!("has an extension {} that cannot be read", T::OID))?;
    Ok(found.map(|(_critical, extension)| extension))
}

fn names(alternatives: SubjectAltName) -> Vec<String> {
    let address = |bytes: &[u8]| {
        let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)));
        let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::from(Ipv6Addr::from(bytes)));
        v4.or(v6).ok().map(|address| address.to_string())
    };
    let name = |name: GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => address(bytes.as_bytes()),
        _ => None,
    };
    alternatives.0.into_iter().filter_map(name).collect()
}

/// Compares names by their text, without regard to case: RFC 5280, 7.1, wants them equal
/// whichever string type they were written in. The signature decides in the end.
fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Not a certificate's subject, which could be empty, but its place tells people which one.
pub(super) fn place(index: usize, subject: &str) -> String {
    let subject: String = subject.chars().take(100).collect();
    format!("certificate {} ({subject})", index + 1)
}
