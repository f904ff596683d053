//! The private key, in any of the forms that OpenSSL and ACME clients write.

use pkcs1::{RsaPrivateKey, UintRef};
use pkcs8::PrivateKeyInfoRef;
use sec1::{EcParameters, EcPrivateKey};
use x509_cert::der::{Decode, asn1::ObjectIdentifier};
use zeroize::Zeroizing;

use super::{
    algorithm::{ALLOWED_KEYS, EC, P256, P384, RSA, name_of},
    asn1,
    pem::{self, Block, Header},
    public_key::PublicKey,
    rsa::RsaKey,
    unused::{self, File},
};

const ALLOWED_FORMS: &str = "allowed is one PEM block PRIVATE KEY (PKCS#8), EC PRIVATE KEY (SEC 1) or RSA PRIVATE KEY (PKCS#1)";

/// A private key, as it is handed over, and the public key that it makes.
pub(super) struct PrivateKey {
    pub(super) public: PublicKey,
    pub(super) pem: Zeroizing<String>,
    /// The ends of sentences that start with the file's name.
    pub(super) warnings: Vec<String>,
}

/// Reads the one private key in the file.
///
/// # Errors
/// The end of a sentence that starts with the file's name.
pub(super) fn read(text: &[u8]) -> Result<PrivateKey, String> {
    let blocks = pem::blocks(text)?;
    // OpenSSH's keys are called alike, and nginx passes over them.
    let is_key = |block: &&Block| {
        block.label.ends_with("PRIVATE KEY") && block.label != "OPENSSH PRIVATE KEY"
    };
    let (keys, others): (Vec<_>, Vec<_>) = blocks.iter().partition(is_key);
    let [block] = keys.as_slice() else {
        return Err(match keys.len() {
            0 => {
                let instead = unused::instead(text, &blocks, File::Key);
                format!("has no private key{instead}; {ALLOWED_FORMS}")
            }
            _ => format!("has more than one private key; {ALLOWED_FORMS}"),
        });
    };
    if block.header == Header::Encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
        return Err("is encrypted, and nobody can type its password when the stack starts; allowed is a key without one (openssl pkey -in localhost.key -out plain.key)".to_owned());
    }
    block.without_header()?;
    let public = match block.label.as_str() {
        "PRIVATE KEY" => pkcs8(&block.der)?,
        "EC PRIVATE KEY" => sec1(&block.der)?,
        "RSA PRIVATE KEY" => pkcs1(&block.der)?,
        label => return Err(format!("has a {label}; {ALLOWED_KEYS}")),
    };
    // `openssl ecparam -genkey` writes them before the key, which names its curve itself.
    let is_curve = |block: &&Block| {
        let curve = ObjectIdentifier::from_der(&block.der).ok();
        block.label == "EC PARAMETERS" && curve.is_some() && curve == public.curve()
    };
    let unused: Vec<_> = others
        .into_iter()
        .filter(|block| !is_curve(block))
        .collect();
    Ok(PrivateKey {
        pem: pem::encode(&block.label, &block.der),
        warnings: unused::warnings(&unused, File::Key),
        public,
    })
}

/// Checks that the bytes are one element, as long as it says that it is.
///
/// # Errors
/// The end of a sentence that starts with the file's name.
fn check_length(der: &[u8]) -> Result<(), String> {
    let rest = asn1::split(der)
        .map_err(|why| format!("has a private key that {why}"))?
        .1;
    match rest.len() {
        0 => Ok(()),
        more => Err(format!("has a private key with {more} bytes after its end")),
    }
}

fn broken() -> String {
    format!("has a private key that cannot be read; {ALLOWED_KEYS}")
}

fn pkcs8(der: &[u8]) -> Result<PublicKey, String> {
    check_length(der)?;
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| broken())?;
    if !asn1::is_parameter(info.algorithm.parameters) {
        return Err(broken());
    }
    if info.public_key.is_some() {
        return Err("has a private key of the second version of PKCS#8, with the public key beside it (RFC 5958), which OpenSSL does not read; allowed is the first version".to_owned());
    }
    let inner = info.private_key.as_bytes();
    match info.algorithm.oid {
        RSA => pkcs1(inner),
        EC => {
            let curve = info
                .algorithm
                .parameters
                .and_then(|curve| curve.decode_as().ok());
            let key = EcPrivateKey::from_der(inner).map_err(|_| broken())?;
            let own = key.parameters.as_ref().map(|curve| curve.named_curve());
            match (curve, own) {
                (Some(curve), Some(Some(own))) if curve != own => Err(broken()),
                _ => elliptic(&key, curve),
            }
        }
        oid => Err(format!(
            "has a key of the kind {}; {ALLOWED_KEYS}",
            name_of(oid)
        )),
    }
}

fn sec1(der: &[u8]) -> Result<PublicKey, String> {
    check_length(der)?;
    let key = EcPrivateKey::from_der(der).map_err(|_| {
        format!("has a private key that cannot be read, or that has the numbers of its elliptic curve in the place of the curve's name (openssl ec -param_enc named_curve); {ALLOWED_KEYS}")
    })?;
    elliptic(&key, key.parameters.and_then(EcParameters::named_curve))
}

/// The public half of a key on the named curve; what stands beside the private half has to
/// agree with it, or nginx would show one key and sign with another.
fn elliptic(key: &EcPrivateKey<'_>, curve: Option<ObjectIdentifier>) -> Result<PublicKey, String> {
    let curve = curve.ok_or_else(|| {
        format!("has a key that does not name its elliptic curve (openssl ec -param_enc named_curve does); {ALLOWED_KEYS}")
    })?;
    let public = match curve {
        P256 => p256::SecretKey::from_slice(key.private_key)
            .map(|key| PublicKey::P256(key.public_key()))
            .map_err(|_| broken())?,
        P384 => p384::SecretKey::from_slice(key.private_key)
            .map(|key| PublicKey::P384(key.public_key()))
            .map_err(|_| broken())?,
        curve => {
            return Err(format!(
                "has a key on the elliptic curve {}; {ALLOWED_KEYS}",
                name_of(curve)
            ));
        }
    };
    match key
        .public_key
        .map(|point| PublicKey::on_curve(curve, point))
    {
        Some(beside) if beside != Some(public.clone()) => {
            Err("has a private key with the public key of another beside it".to_owned())
        }
        _ => Ok(public),
    }
}

fn pkcs1(der: &[u8]) -> Result<PublicKey, String> {
    check_length(der)?;
    let key = RsaPrivateKey::<UintRef<'_>>::from_der(der).map_err(|_| broken())?;
    RsaKey::of_private(&key).map(PublicKey::Rsa)
}
