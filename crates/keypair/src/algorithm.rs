//! The algorithms that are allowed, of keys and of signatures, and how people call them.
//!
//! Mozilla's root store policy, section 5.1, lists what browsers accept: RSA with at least
//! 2048 bits, P-256 and P-384 (<https://www.mozilla.org/about/governance/policies/security-group/certs/policy/>).
//! Ed25519 and P-521 are strong, but no browser takes them in a server's certificate.

use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::{
    der::{Decode, Encode, asn1::ObjectIdentifier},
    spki::AlgorithmIdentifierOwned,
};

pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

pub(super) const ALLOWED_KEYS: &str = "allowed are RSA with 2048 to 8192 bits, P-256 and P-384";
const ALLOWED_SIGNATURES: &str =
    "allowed are RSA (PKCS#1 v1.5 or PSS) and ECDSA with SHA-256, SHA-384 or SHA-512";

/// The hash functions that are strong enough.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }
}

/// A signature algorithm that is strong enough.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Scheme {
    Ecdsa(Hash),
    Pkcs1(Hash),
    Pss(Hash),
}

/// The scheme behind an algorithm identifier.
///
/// # Errors
/// The end of a sentence that starts with the certificate's name.
pub(super) fn scheme(algorithm: &AlgorithmIdentifierOwned) -> Result<Scheme, String> {
    // RFC 8017, appendix C, and RFC 5758, 3.2; the arcs before the last are the same.
    Ok(match algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.1.11" => Scheme::Pkcs1(Hash::Sha256),
        "1.2.840.113549.1.1.12" => Scheme::Pkcs1(Hash::Sha384),
        "1.2.840.113549.1.1.13" => Scheme::Pkcs1(Hash::Sha512),
        "1.2.840.10045.4.3.2" => Scheme::Ecdsa(Hash::Sha256),
        "1.2.840.10045.4.3.3" => Scheme::Ecdsa(Hash::Sha384),
        "1.2.840.10045.4.3.4" => Scheme::Ecdsa(Hash::Sha512),
        "1.2.840.113549.1.1.10" => return pss(algorithm),
        _ => {
            let name = name_of(algorithm.oid);
            return Err(format!("is signed with {name}; {ALLOWED_SIGNATURES}"));
        }
    })
}

/// The parameters of RSASSA-PSS (RFC 8017, A.2.3) in the form that the CA/Browser Forum allows
/// (Baseline Requirements 7.1.3.2.1): the mask uses the same hash, and the salt is as long.
fn pss(algorithm: &AlgorithmIdentifierOwned) -> Result<Scheme, String> {
    let refuse = || {
        "is signed with RSA-PSS in a form that browsers refuse; allowed are SHA-256, SHA-384 and SHA-512, with the same hash in the mask and a salt as long as the hash".to_owned()
    };
    let parameters = algorithm.parameters.as_ref().ok_or_else(refuse)?;
    let der = parameters.to_der().map_err(|_| refuse())?;
    let parameters = pkcs1::RsaPssParamsOwned::from_der(&der).map_err(|_| refuse())?;
    let (hash, length) = match parameters.hash.oid.to_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => (Hash::Sha256, 32),
        "2.16.840.1.101.3.4.2.2" => (Hash::Sha384, 48),
        "2.16.840.1.101.3.4.2.3" => (Hash::Sha512, 64),
        _ => return Err(refuse()),
    };
    let mask = parameters.mask_gen.parameters.ok_or_else(refuse)?;
    if mask.oid != parameters.hash.oid || parameters.salt_len != length {
        return Err(refuse());
    }
    Ok(Scheme::Pss(hash))
}

/// Names for what people bring along and cannot use; a number for the rest.
pub(super) fn name_of(oid: ObjectIdentifier) -> String {
    let text = oid.to_string();
    let name = match text.as_str() {
        "1.2.840.113549.1.1.4" => "MD5 and RSA",
        "1.2.840.113549.1.1.5" => "SHA-1 and RSA",
        "1.2.840.10045.4.1" => "SHA-1 and ECDSA",
        "1.2.840.113549.1.1.14" => "SHA-224 and RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.10040.4.1" => "DSA",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        _ => return text,
    };
    name.to_owned()
}
