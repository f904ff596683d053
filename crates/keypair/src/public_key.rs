//! The public keys that are allowed, and the signatures that they verify.
//!
//! Mozilla's root store policy, section 5.1, lists what browsers accept: RSA with at least
//! 2048 bits, P-256 and P-384 (<https://www.mozilla.org/about/governance/policies/security-group/certs/policy/>).
//! Ed25519 and P-521 are strong, but no browser takes them in a server's certificate.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::{
    der::{Decode, Encode, asn1::ObjectIdentifier},
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

use super::rsa::RsaKey;

pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

pub(super) const ALLOWED_KEYS: &str = "allowed are RSA with 2048 to 8192 bits, P-256 and P-384";
const ALLOWED_SIGNATURES: &str =
    "allowed are RSA (PKCS#1 v1.5 or PSS) and ECDSA with SHA-256, SHA-384 or SHA-512";

/// A public key that is strong enough.
#[derive(Clone, PartialEq)]
pub(super) enum PublicKey {
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    Rsa(RsaKey),
}

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

impl PublicKey {
    /// # Errors
    /// The end of a sentence that starts with the certificate's or key's name.
    pub(super) fn from_spki(spki: &SubjectPublicKeyInfoOwned) -> Result<Self, String> {
        let broken = || format!("has a public key that cannot be read; {ALLOWED_KEYS}");
        let bytes = spki.subject_public_key.as_bytes().ok_or_else(broken)?;
        match spki.algorithm.oid {
            RSA => RsaKey::from_der(bytes).map(Self::Rsa),
            EC => {
                let curve = spki.algorithm.parameters.as_ref();
                match curve.and_then(|curve| curve.decode_as().ok()) {
                    Some(curve @ (P256 | P384)) => Self::on_curve(curve, bytes).ok_or_else(broken),
                    Some(curve) => Err(format!(
                        "has a key on the elliptic curve {}; {ALLOWED_KEYS}",
                        name_of(curve)
                    )),
                    None => Err(format!(
                        "has a key that does not name its elliptic curve; {ALLOWED_KEYS}"
                    )),
                }
            }
            oid => Err(format!(
                "has a key of the kind {}; {ALLOWED_KEYS}",
                name_of(oid)
            )),
        }
    }

    /// The point that the bytes of a public key are on one of the curves that are allowed.
    pub(super) fn on_curve(curve: ObjectIdentifier, bytes: &[u8]) -> Option<Self> {
        match curve {
            P256 => p256::PublicKey::from_sec1_bytes(bytes).ok().map(Self::P256),
            P384 => p384::PublicKey::from_sec1_bytes(bytes).ok().map(Self::P384),
            _ => None,
        }
    }

    /// The curve that the key is on, if it is on one.
    pub(super) fn curve(&self) -> Option<ObjectIdentifier> {
        match self {
            Self::P256(_) => Some(P256),
            Self::P384(_) => Some(P384),
            Self::Rsa(_) => None,
        }
    }

    /// What a person calls this kind of key.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::P256(_) => "P-256".to_owned(),
            Self::P384(_) => "P-384".to_owned(),
            Self::Rsa(key) => format!("RSA {}", key.bits()),
        }
    }

    /// Whether `signature` over `data` is this key's.
    pub(super) fn verifies(&self, scheme: Scheme, data: &[u8], signature: &[u8]) -> bool {
        match (self, scheme) {
            (Self::P256(key), Scheme::Ecdsa(hash)) => p256::ecdsa::Signature::from_der(signature)
                .and_then(|signature| {
                    p256::ecdsa::VerifyingKey::from(key)
                        .verify_prehash(&hash.digest(data), &signature)
                })
                .is_ok(),
            (Self::P384(key), Scheme::Ecdsa(hash)) => p384::ecdsa::Signature::from_der(signature)
                .and_then(|signature| {
                    p384::ecdsa::VerifyingKey::from(key)
                        .verify_prehash(&hash.digest(data), &signature)
                })
                .is_ok(),
            (Self::Rsa(key), Scheme::Pkcs1(hash)) => {
                key.verifies_pkcs1(hash, &hash.digest(data), signature)
            }
            (Self::Rsa(key), Scheme::Pss(hash)) => {
                key.verifies_pss(hash, &hash.digest(data), signature)
            }
            _ => false,
        }
    }
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
