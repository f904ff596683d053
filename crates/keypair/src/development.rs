//! A certificate for localhost, and an authority that can vouch for nothing else.
//!
//! The authority's private key exists in this process only and is gone after one signature.
//! So whoever trusts the authority trusts this one certificate; the name constraints say the
//! same to every client.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use getrandom::SysRng;
use p256::{
    ecdsa::{DerSignature, SigningKey},
    elliptic_curve::Generate,
    pkcs8::{EncodePrivateKey, EncodePublicKey},
};
use sha2::{Digest, Sha256};
use x509_cert::{
    Certificate, TbsCertificate,
    builder::{Builder, CertificateBuilder, profile::BuilderProfile},
    der::{
        DateTime, Encode,
        asn1::{Ia5String, OctetString},
        oid::db::rfc5280::ID_KP_SERVER_AUTH,
    },
    ext::{
        Extension, ToExtension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
            NameConstraints, SubjectAltName, SubjectKeyIdentifier,
            constraints::name::GeneralSubtree, name::GeneralName,
        },
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef},
    time::{Time, Validity},
};
use zeroize::Zeroizing;

use super::{
    name,
    pair::{self, Pair},
    pem,
    refusal::Refusal,
    source::Files,
};

/// One day less than the 398 days that browsers accepted at most when this was written for
/// public certificates; no browser asks for less of a private authority's.
const LIFETIME: Duration = Duration::from_hours(397 * 24);

/// A laptop's clock may be a little behind the one of the virtual machine that runs this.
const BACKDATED: Duration = Duration::from_hours(1);

const HOST: &str = "localhost";

/// Makes a pair for localhost that is valid from now on, named as the files it will become.
///
/// # Errors
/// When there is no randomness, or the clock is unusable.
pub(super) fn make(chain_path: &Path, key_path: &Path, now: SystemTime) -> Result<Pair, Refusal> {
    let (chain, key) = issue(now)
        .map_err(|why| Refusal::new(format!("a development pair could not be made: {why}")))?;
    let files = Files {
        chain: Zeroizing::new(chain.into_bytes()),
        key: Zeroizing::new(key.as_bytes().to_vec()),
        chain_path: chain_path.to_owned(),
        key_path: key_path.to_owned(),
    };
    // The same checks as for anybody's pair: what is made must pass them.
    pair::check(&files, now)
}

type Issued = (String, Zeroizing<String>);

fn issue(now: SystemTime) -> Result<Issued, Box<dyn std::error::Error>> {
    let authority_key = SigningKey::try_generate_from_rng(&mut SysRng).map_err(no_randomness)?;
    let leaf_key = p256::SecretKey::try_generate_from_rng(&mut SysRng).map_err(no_randomness)?;

    let serial = serial_number()?;
    // The number makes the name unique, so that a browser that trusts several of these
    // authorities looks at the right one.
    let number = u32::from_be_bytes(*serial.as_bytes().first_chunk().ok_or("no number")?);
    let authority_name = name::common(&format!("Drydock development CA {number:08x}"))?;
    let validity = validity(now)?;

    let authority = sign(
        Profile::Authority(authority_name.clone()),
        serial,
        validity,
        authority_key.verifying_key(),
        &authority_key,
    )?;
    let leaf = sign(
        Profile::Leaf(authority_name),
        serial_number()?,
        validity,
        &leaf_key.public_key().into(),
        &authority_key,
    )?;
    let mut chain = String::new();
    for one in [leaf, authority] {
        chain.push_str(&pem::encode("CERTIFICATE", &one.to_der()?));
    }
    let key = leaf_key.to_pkcs8_der()?;
    Ok((chain, pem::encode("PRIVATE KEY", key.as_bytes())))
}

/// 127 random bits: at least 64 are asked for (CA/Browser Forum, Baseline Requirements 7.1),
/// and the number must be positive and at most 20 bytes (RFC 5280, 4.1.2.2).
fn serial_number() -> Result<SerialNumber, Box<dyn std::error::Error>> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(no_randomness)?;
    // The highest bit would make it negative, and without the next one the encoding would
    // sometimes be shorter.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::new(&bytes)?)
}

/// A static program asks the kernel through this file, which each container has.
fn no_randomness(error: getrandom::Error) -> String {
    format!("there are no random numbers ({error}); it needs /dev/urandom")
}

fn validity(now: SystemTime) -> Result<Validity, Box<dyn std::error::Error>> {
    let start = now.duration_since(UNIX_EPOCH)?.saturating_sub(BACKDATED);
    let time = |since: Duration| -> x509_cert::der::Result<Time> {
        Ok(Time::from(DateTime::from_unix_duration(
            Duration::from_secs(since.as_secs()),
        )?))
    };
    Ok(Validity::new(time(start)?, time(start + LIFETIME)?))
}

fn sign(
    profile: Profile,
    serial: SerialNumber,
    validity: Validity,
    key: &p256::ecdsa::VerifyingKey,
    signer: &SigningKey,
) -> Result<Certificate, Box<dyn std::error::Error>> {
    let key = SubjectPublicKeyInfo::try_from(key.to_public_key_der()?.as_bytes())?;
    let builder = CertificateBuilder::new(profile, serial, validity, key)?;
    Ok(builder.build::<_, DerSignature>(signer)?)
}

/// What goes into each of the two certificates; both hold the authority's name.
enum Profile {
    Authority(Name),
    Leaf(Name),
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        let (Self::Authority(name) | Self::Leaf(name)) = self;
        name.clone()
    }

    fn get_subject(&self) -> Name {
        match self {
            Self::Authority(name) => name.clone(),
            // RFC 5280, 4.2.1.6, allows an empty subject where subjectAltName is critical; some
            // tools show nothing then, and people look at the subject.
            Self::Leaf(_) => name::common(HOST).unwrap_or_default(),
        }
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let mut extensions = Vec::new();
        let subject = tbs.subject();
        let key_identifier = identifier(&issuer_key)?;
        let ski = SubjectKeyIdentifier(identifier(&key)?);
        let aki = AuthorityKeyIdentifier {
            key_identifier: Some(key_identifier),
            ..AuthorityKeyIdentifier::default()
        };
        extensions.push((&ski).to_extension(subject, &extensions)?);
        extensions.push((&aki).to_extension(subject, &extensions)?);
        let is_authority = matches!(self, Self::Authority(_));
        let constraints = BasicConstraints {
            ca: is_authority,
            path_len_constraint: is_authority.then_some(0),
        };
        extensions.push(critical((&constraints).to_extension(subject, &extensions)?));
        let usage = KeyUsage(match self {
            Self::Authority(_) => KeyUsages::KeyCertSign.into(),
            Self::Leaf(_) => KeyUsages::DigitalSignature.into(),
        });
        extensions.push(critical((&usage).to_extension(subject, &extensions)?));
        match self {
            Self::Authority(_) => {
                let only = NameConstraints {
                    permitted_subtrees: Some(permitted()?),
                    excluded_subtrees: None,
                };
                extensions.push(critical((&only).to_extension(subject, &extensions)?));
            }
            Self::Leaf(_) => {
                let server = ExtendedKeyUsage(vec![ID_KP_SERVER_AUTH]);
                extensions.push((&server).to_extension(subject, &extensions)?);
                let names = SubjectAltName(vec![
                    GeneralName::DnsName(Ia5String::new(HOST)?),
                    address(&Ipv4Addr::LOCALHOST.octets())?,
                    address(&Ipv6Addr::LOCALHOST.octets())?,
                ]);
                extensions.push((&names).to_extension(subject, &extensions)?);
            }
        }
        Ok(extensions)
    }
}

/// The hosts that the authority may vouch for (RFC 5280, 4.2.1.10): an address is followed by
/// its mask. A name stands for the names below it too, such as app.localhost.
fn permitted() -> x509_cert::builder::Result<Vec<GeneralSubtree>> {
    let subtree = |base| GeneralSubtree {
        base,
        minimum: 0,
        maximum: None,
    };
    let v4 = [Ipv4Addr::LOCALHOST.octets(), [0xff; 4]].concat();
    let v6 = [Ipv6Addr::LOCALHOST.octets(), [0xff; 16]].concat();
    Ok(vec![
        subtree(GeneralName::DnsName(Ia5String::new(HOST)?)),
        subtree(address(&v4)?),
        subtree(address(&v6)?),
    ])
}

fn address(bytes: &[u8]) -> x509_cert::der::Result<GeneralName> {
    OctetString::new(bytes).map(GeneralName::IpAddress)
}

/// The leftmost 160 bits of the key's SHA-256 (RFC 7093, section 2, method 1).
fn identifier(key: &SubjectPublicKeyInfoRef<'_>) -> x509_cert::der::Result<OctetString> {
    OctetString::new(&Sha256::digest(key.subject_public_key.raw_bytes())[..20])
}

/// Marks an extension as one that a client must understand or else refuse the certificate.
fn critical(extension: Extension) -> Extension {
    Extension {
        critical: true,
        ..extension
    }
}
