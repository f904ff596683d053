//! One certificate (RFC 5280) and the facts about it that the checks ask for.

use x509_cert::{
    certificate::{CertificateInner, Raw},
    der::{DateTime, Decode, Reader, SliceReader, asn1::ObjectIdentifier, oid::AssociatedOid},
    ext::pkix::{
        AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints,
        SubjectAltName, SubjectKeyIdentifier,
    },
};

use super::{
    algorithm::{Scheme, scheme},
    asn1,
    host::Host,
    name,
    pem::Block,
    public_key::PublicKey,
};

/// id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280, 4.2.1.12).
const SERVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// id-pe-tlsfeature (RFC 7633).
const TLS_FEATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.24");

/// nsCertType, which clients with OpenSSL still obey, and its bit for a TLS server.
const NETSCAPE_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.1");
const NETSCAPE_SERVER: u8 = 0x40;

/// What clients understand, so that it may be critical: OpenSSL's list (`supported_nids` in its
/// v3_purp.c), but for what no server's certificate has. Browsers have most of them.
const UNDERSTOOD: [&str; 14] = [
    "2.5.29.14",             // subjectKeyIdentifier
    "2.5.29.15",             // keyUsage
    "2.5.29.17",             // subjectAltName
    "2.5.29.19",             // basicConstraints
    "2.5.29.30",             // nameConstraints
    "2.5.29.31",             // cRLDistributionPoints
    "2.5.29.32",             // certificatePolicies
    "2.5.29.33",             // policyMappings
    "2.5.29.35",             // authorityKeyIdentifier
    "2.5.29.36",             // policyConstraints
    "2.5.29.37",             // extKeyUsage
    "2.5.29.54",             // inhibitAnyPolicy
    "2.16.840.1.113730.1.1", // nsCertType
    "1.3.6.1.5.5.7.48.1.5",  // ocspNoCheck
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
    /// Hosts that the certificate is for.
    pub(super) hosts: Vec<Host>,
    /// Entries for hosts that no client matches, and why.
    pub(super) no_hosts: Vec<String>,
    /// The hosts that it may vouch for, if it is an authority's.
    pub(super) constraints: Option<NameConstraints>,
    /// TLS extensions that it obliges the server to have.
    pub(super) features: Vec<u64>,
    extended: Option<ExtendedKeyUsage>,
    own_identifier: Option<SubjectKeyIdentifier>,
    issuer_identifier: Option<AuthorityKeyIdentifier>,
    /// The signed part, as it was sent: to encode it again could give other bytes.
    signed: Vec<u8>,
    parsed: CertificateInner<Raw>,
}

impl Certificate {
    /// # Errors
    /// The end of a sentence that starts with the certificate's name.
    pub(super) fn from_block(block: &Block) -> Result<Self, String> {
        let (der, rest) = asn1::split(&block.der)?;
        // OpenSSL's own kind of block has settings for clients behind the certificate.
        let settings = block.label == "TRUSTED CERTIFICATE";
        let is_one = |rest| asn1::split(rest).is_ok_and(|(_, more)| more.is_empty());
        if !(rest.is_empty() || settings && is_one(rest)) {
            return Err(format!("has {} bytes after its end", rest.len()));
        }
        let broken = |_| "cannot be read: its ASN.1 is not a certificate's".to_owned();
        // The profile `Raw` takes long or negative serial numbers too, which old private
        // authorities gave out and which clients accept.
        let parsed = CertificateInner::<Raw>::from_der(der).map_err(broken)?;
        let signed = signed_part(der).map_err(broken)?;
        let tbs = parsed.tbs_certificate();
        if ![tbs.subject(), tbs.issuer()]
            .into_iter()
            .all(name::is_well_formed)
        {
            return Err("has a name with text that is not of the kind that it says: a UTF8String that is no UTF-8, as a rule".to_owned());
        }
        let key = tbs.subject_public_key_info();
        if [
            parsed.signature_algorithm(),
            tbs.signature(),
            &key.algorithm,
        ]
        .into_iter()
        .any(|algorithm| !asn1::is_parameter(algorithm.parameters.as_ref().map(Into::into)))
        {
            return Err("has an algorithm with parameters that are none".to_owned());
        }
        let alternatives =
            extension(&parsed)?.map_or_else(Vec::new, |names: SubjectAltName| names.0);
        let (hosts, no_hosts): (Vec<_>, Vec<_>) = alternatives
            .iter()
            .filter_map(Host::of)
            .partition(Result::is_ok);
        Ok(Self {
            der: der.to_vec(),
            key: PublicKey::from_spki(key)?,
            subject: name::text(tbs.subject()),
            issuer: name::text(tbs.issuer()),
            not_before: tbs.validity().not_before.to_date_time(),
            not_after: tbs.validity().not_after.to_date_time(),
            authority: extension(&parsed)?,
            usage: extension(&parsed)?,
            hosts: hosts.into_iter().flatten().collect(),
            no_hosts: no_hosts.into_iter().filter_map(Result::err).collect(),
            constraints: extension(&parsed)?,
            features: raw(&parsed, TLS_FEATURE)
                .map(|bytes| Vec::from_der(bytes).map_err(|_| unreadable(TLS_FEATURE)))
                .transpose()?
                .unwrap_or_default(),
            extended: extension(&parsed)?,
            // These are hints, for a warning at most.
            own_identifier: extension(&parsed).unwrap_or_default(),
            issuer_identifier: extension(&parsed).unwrap_or_default(),
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
        self.allows(&[SERVER])
    }

    /// Whether its type in the terms of Netscape, if it has one, allows a TLS server.
    pub(super) fn is_netscape_server(&self) -> bool {
        // The bits follow the number of those that are not used (X.690, 8.6).
        raw(&self.parsed, NETSCAPE_TYPE).is_none_or(
            |bytes| matches!(bytes, [0x03, _, _, bits, ..] if bits & NETSCAPE_SERVER != 0),
        )
    }

    /// Whether its extended key usage, if it has one, allows to vouch for TLS servers.
    pub(super) fn is_for_issuers(&self) -> bool {
        self.allows(&[SERVER, ANY])
    }

    fn allows(&self, uses: &[ObjectIdentifier]) -> bool {
        self.extended
            .as_ref()
            .is_none_or(|extended| extended.0.iter().any(|usage| uses.contains(usage)))
    }

    /// Checks that there is no extension twice, and none that clients must refuse the
    /// certificate for, because it is critical and they do not know it (RFC 5280, 4.2).
    ///
    /// # Errors
    /// The end of a sentence that starts with the certificate's name.
    pub(super) fn check_extensions(&self) -> Result<(), String> {
        let extensions = self.parsed.tbs_certificate().extensions();
        let extensions = extensions.map_or(&[][..], Vec::as_slice);
        let mut ids: Vec<_> = extensions.iter().map(|one| one.extn_id).collect();
        ids.sort_unstable();
        if let Some([twice, _]) = ids.array_windows().find(|[one, next]| one == next) {
            return Err(format!("has the extension {twice} twice"));
        }
        for extension in extensions.iter().filter(|extension| extension.critical) {
            let id = extension.extn_id.to_string();
            if id == "1.3.6.1.4.1.11129.2.4.3" {
                return Err("is a precertificate, which is for the logs of Certificate Transparency alone (RFC 6962, 3.1); allowed is the certificate that its CA made after it".to_owned());
            }
            if !UNDERSTOOD.contains(&id.as_str()) {
                return Err(format!(
                    "has the critical extension {id}: a client that does not know it must refuse the certificate, and most do not; allowed is one without it, or where it is not critical"
                ));
            }
        }
        Ok(())
    }

    /// Whether its issuer goes by `issuer`'s name.
    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        same_name(&self.issuer, &issuer.subject)
    }

    /// Whether it calls its issuer's key as the issuer does, as far as both call it anything
    /// (RFC 5280, 4.2.1.1).
    pub(super) fn names_key_of(&self, issuer: &Self) -> bool {
        let named = self
            .issuer_identifier
            .as_ref()
            .and_then(|id| id.key_identifier.as_ref());
        let own = issuer.own_identifier.as_ref().map(|id| &id.0);
        named.zip(own).is_none_or(|(named, own)| named == own)
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
    let found = found.map_err(|_| unreadable(T::OID))?;
    Ok(found.map(|(_critical, extension)| extension))
}

/// The bytes of an extension that the library has no type for.
fn raw(parsed: &CertificateInner<Raw>, id: ObjectIdentifier) -> Option<&[u8]> {
    let mut extensions = parsed.tbs_certificate().extensions().into_iter().flatten();
    let found = extensions.find(|extension| extension.extn_id == id)?;
    Some(found.extn_value.as_bytes())
}

fn unreadable(id: ObjectIdentifier) -> String {
    format!("has an extension {id} that cannot be read")
}

/// Compares names by their text, without regard to case: RFC 5280, 7.1, wants them equal
/// whichever string type they were written in. The signature decides in the end.
fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Not a certificate's subject, which could be empty, but its place tells people which one.
pub(super) fn name_in_chain(index: usize, subject: &str) -> String {
    format!("certificate {} ({})", index + 1, shortened(subject))
}

/// A name for a sentence: there is no bound to what certificates have.
pub(super) fn shortened(name: &str) -> String {
    let mut short: String = name.chars().take(100).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}
