//! The public keys that are allowed, and the signatures that they verify.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use x509_cert::{der::asn1::ObjectIdentifier, spki::SubjectPublicKeyInfoOwned};

use super::{
    algorithm::{ALLOWED_KEYS, EC, P256, P384, RSA, Scheme, name_of},
    rsa::RsaKey,
};

/// A public key that is strong enough.
#[derive(Clone, PartialEq)]
pub(super) enum PublicKey {
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    Rsa(RsaKey),
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
