//! The private key, in any of the forms that OpenSSL and ACME clients write.

use pkcs1::{RsaPrivateKey, UintRef};
use pkcs8::{DecodePrivateKey, PrivateKeyInfoRef};
use sec1::{EcParameters, EcPrivateKey};
use x509_cert::der::{Decode, asn1::ObjectIdentifier};
use zeroize::Zeroizing;

use super::{
    pem,
    public_key::{ALLOWED_KEYS, EC, P256, P384, PublicKey, RSA, name_of},
    rsa::RsaKey,
};

const ALLOWED_FORMS: &str = "allowed is one PEM block PRIVATE KEY (PKCS#8), EC PRIVATE KEY (SEC 1) or RSA PRIVATE KEY (PKCS#1)";

/// A private key, as it is handed over, and the public key that it makes.
pub(super) struct PrivateKey {
    pub(super) public: PublicKey,
    pub(super) pem: Zeroizing<String>,
}

/// Reads the one private key in the file.
///
/// # Errors
/// The end of a sentence that starts with the file's name.
pub(super) fn read(text: &[u8]) -> Result<PrivateKey, String> {
    // `openssl ecparam -genkey` writes EC PARAMETERS before the key, and people keep a key and
    // its certificate in one file: what is no private key is passed over.
    let mut keys = pem::blocks(text)?
        .into_iter()
        .filter(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(block) = keys.next() else {
        // DER, the binary form, starts with the tag of an ASN.1 sequence.
        let what = match text.first() {
            Some(0x30) => "is binary (DER or PKCS#12)",
            _ => "has no private key",
        };
        return Err(format!("{what}; {ALLOWED_FORMS}"));
    };
    if keys.next().is_some() {
        return Err(format!("has more than one private key; {ALLOWED_FORMS}"));
    }
    if block.encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
        return Err("is encrypted, and nobody can type its password when the stack starts; allowed is a key without one (openssl pkey -in localhost.key -out plain.key)".to_owned());
    }
    let public = match block.label.as_str() {
        "PRIVATE KEY" => pkcs8(&block.der)?,
        "EC PRIVATE KEY" => sec1(&block.der)?,
        "RSA PRIVATE KEY" => pkcs1(&block.der)?,
        label => return Err(format!("has a {label}; {ALLOWED_KEYS}")),
    };
    let pem = pem::encode(&block.label, &block.der);
    Ok(PrivateKey { public, pem })
}

fn broken() -> String {
    format!("has a private key that cannot be read; {ALLOWED_KEYS}")
}

fn pkcs8(der: &[u8]) -> Result<PublicKey, String> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| broken())?;
    match info.algorithm.oid {
        RSA => pkcs1(info.private_key.as_bytes()),
        EC => match info.algorithm.parameters_oid().map_err(|_| broken())? {
            P256 => p256::SecretKey::from_pkcs8_der(der)
                .map(|key| PublicKey::P256(key.public_key()))
                .map_err(|_| broken()),
            P384 => p384::SecretKey::from_pkcs8_der(der)
                .map(|key| PublicKey::P384(key.public_key()))
                .map_err(|_| broken()),
            curve => Err(other_curve(curve)),
        },
        oid => Err(format!(
            "has a key of the kind {}; {ALLOWED_KEYS}",
            name_of(oid)
        )),
    }
}

fn sec1(der: &[u8]) -> Result<PublicKey, String> {
    let key = EcPrivateKey::from_der(der).map_err(|_| broken())?;
    match key.parameters.and_then(EcParameters::named_curve) {
        Some(P256) => p256::SecretKey::from_sec1_der(der)
            .map(|key| PublicKey::P256(key.public_key()))
            .map_err(|_| broken()),
        Some(P384) => p384::SecretKey::from_sec1_der(der)
            .map(|key| PublicKey::P384(key.public_key()))
            .map_err(|_| broken()),
        Some(curve) => Err(other_curve(curve)),
        None => Err(broken()),
    }
}

fn other_curve(curve: ObjectIdentifier) -> String {
    format!("has a key on the elliptic curve {curve}; {ALLOWED_KEYS}")
}

fn pkcs1(der: &[u8]) -> Result<PublicKey, String> {
    let key = RsaPrivateKey::<UintRef<'_>>::from_der(der).map_err(|_| broken())?;
    RsaKey::of_private(&key).map(PublicKey::Rsa)
}
