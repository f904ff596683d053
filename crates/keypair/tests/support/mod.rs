//! Makes folders, keys and certificates for the tests; good ones, and bad ones on purpose.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64, Encoding};
use getrandom::{SysRng, rand_core::UnwrapErr};
use keypair::{Job, Owner, Refusal, Report, Target, run};
use p256::{
    ecdsa::signature::{Keypair, Signer},
    elliptic_curve::Generate,
};
use pkcs8::{EncodePrivateKey, EncodePublicKey};
use rsa::pkcs1::EncodeRsaPrivateKey;
use x509_cert::{
    TbsCertificate,
    builder::{Builder, CertificateBuilder, profile::BuilderProfile},
    der::{
        DateTime, Encode,
        asn1::{Ia5String, ObjectIdentifier, OctetString},
    },
    ext::{
        Extension, ToExtension,
        pkix::{
            BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
            name::GeneralName,
        },
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{
        DynSignatureAlgorithmIdentifier, SignatureBitStringEncoding, SubjectPublicKeyInfo,
        SubjectPublicKeyInfoRef,
    },
    time::{Time, Validity},
};

pub const SERVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
pub const CLIENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
pub const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// A folder for one test, with `from` and `to` inside; gone when the test ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("keypair-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        for path in [folder.from(), folder.to()] {
            fs::create_dir_all(path).unwrap();
        }
        folder
    }

    pub fn from(&self) -> PathBuf {
        self.0.join("from")
    }

    pub fn to(&self) -> PathBuf {
        self.0.join("to")
    }

    pub fn renewed(&self) -> PathBuf {
        self.0.join("renewed")
    }

    pub fn supply(&self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) {
        fs::write(self.from().join("localhost.crt"), chain).unwrap();
        fs::write(self.from().join("localhost.key"), key).unwrap();
    }

    pub fn withdraw(&self) {
        fs::remove_file(self.from().join("localhost.crt")).unwrap();
        fs::remove_file(self.from().join("localhost.key")).unwrap();
    }

    /// The owner that this process may give files to, whoever it is.
    pub fn owner(&self) -> Owner {
        let is = fs::metadata(&self.0).unwrap();
        let (uid, gid) = (is.uid(), is.gid());
        Owner { uid, gid }
    }

    pub fn check(&self) -> Result<Report, Refusal> {
        let from = self.from();
        let job = Job {
            from,
            renewed: None,
            target: None,
        };
        run(&job, SystemTime::now())
    }

    pub fn hand_over(&self) -> Result<Report, Refusal> {
        self.hand_over_at(SystemTime::now())
    }

    pub fn hand_over_at(&self, now: SystemTime) -> Result<Report, Refusal> {
        self.hand_over_to(self.owner(), now)
    }

    pub fn hand_over_to(&self, owner: Owner, now: SystemTime) -> Result<Report, Refusal> {
        let target = Some(Target {
            to: self.to(),
            owner,
        });
        let from = self.from();
        let renewed = Some(self.renewed());
        let job = Job {
            from,
            renewed,
            target,
        };
        run(&job, now)
    }

    /// Names in the target folder, sorted.
    pub fn handed(&self) -> Vec<String> {
        let entries = fs::read_dir(self.to()).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Everything about the files in the target folder that a rewrite would change.
    pub fn state(&self) -> Vec<(String, u64, u32, String)> {
        let state = |name: String| {
            let path = self.to().join(&name);
            let is = fs::symlink_metadata(&path).unwrap();
            let text = fs::read_to_string(&path).unwrap_or_default();
            (name, is.ino(), is.mode(), text)
        };
        self.handed().into_iter().map(state).collect()
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.to().join(name)).unwrap()
    }

    pub fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.to().join(name)).unwrap().mode() & 0o7777
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

pub fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

pub fn pem(label: &str, der: &[u8]) -> String {
    let body = Base64::encode_string(der);
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

pub fn certificates(ders: &[&[u8]]) -> String {
    ders.iter().map(|der| pem("CERTIFICATE", der)).collect()
}

pub fn p256_key() -> p256::SecretKey {
    p256::SecretKey::try_generate_from_rng(&mut SysRng).unwrap()
}

pub fn p384_key() -> p384::SecretKey {
    p384::SecretKey::try_generate_from_rng(&mut SysRng).unwrap()
}

/// One RSA key for each length and test program, because making one takes long.
pub fn rsa_key(bits: usize) -> &'static rsa::RsaPrivateKey {
    static KEYS: [OnceLock<rsa::RsaPrivateKey>; 3] = [const { OnceLock::new() }; 3];
    let slot = [1024, 2048, 2049].iter().position(|length| *length == bits);
    let make = || rsa::RsaPrivateKey::new(&mut UnwrapErr(SysRng), bits).unwrap();
    KEYS[slot.unwrap()].get_or_init(make)
}

pub fn pkcs8(key: &impl EncodePrivateKey) -> String {
    pem("PRIVATE KEY", key.to_pkcs8_der().unwrap().as_bytes())
}

pub fn pkcs1(key: &rsa::RsaPrivateKey) -> String {
    pem("RSA PRIVATE KEY", key.to_pkcs1_der().unwrap().as_bytes())
}

pub fn ecdsa(key: &p256::SecretKey) -> p256::ecdsa::SigningKey {
    key.into()
}

/// What a certificate says; [`Spec::leaf`] and [`Spec::authority`] say it well.
#[derive(Clone)]
pub struct Spec {
    pub subject: String,
    pub issuer: String,
    pub not_before: SystemTime,
    pub not_after: SystemTime,
    pub authority: Option<BasicConstraints>,
    pub usage: Option<KeyUsage>,
    pub extended: Vec<ObjectIdentifier>,
    pub hosts: Vec<&'static str>,
    /// More extensions, as they are.
    pub more: Vec<Extension>,
}

impl Spec {
    pub fn leaf(issuer: &str) -> Self {
        let now = SystemTime::now();
        Self {
            subject: "CN=leaf".to_owned(),
            issuer: format!("CN={issuer}"),
            not_before: now - days(1),
            not_after: now + days(90),
            authority: None,
            usage: Some(KeyUsage(KeyUsages::DigitalSignature.into())),
            extended: vec![SERVER],
            hosts: vec!["www.example.org"],
            more: vec![],
        }
    }

    pub fn authority(subject: &str, issuer: &str) -> Self {
        Self {
            subject: format!("CN={subject}"),
            authority: Some(BasicConstraints {
                ca: true,
                path_len_constraint: None,
            }),
            usage: Some(KeyUsage(KeyUsages::KeyCertSign.into())),
            extended: vec![],
            hosts: vec![],
            ..Self::leaf(issuer)
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// A certificate for `key`, signed by `signer`.
    pub fn sign<S, Signature>(&self, key: &impl EncodePublicKey, signer: &S) -> Vec<u8>
    where
        S: Signer<Signature> + Keypair + DynSignatureAlgorithmIdentifier,
        S::VerifyingKey: EncodePublicKey,
        Signature: SignatureBitStringEncoding,
    {
        let key = key.to_public_key_der().unwrap();
        let key = SubjectPublicKeyInfo::try_from(key.as_bytes()).unwrap();
        let validity = Validity::new(time(self.not_before), time(self.not_after));
        let number = SerialNumber::from(4711_u32);
        let builder = CertificateBuilder::new(self.clone(), number, validity, key).unwrap();
        let certificate = builder.build::<S, Signature>(signer).unwrap();
        certificate.to_der().unwrap()
    }

    /// Signed with ECDSA on P-256, the usual case.
    pub fn by(&self, key: &impl EncodePublicKey, signer: &p256::SecretKey) -> Vec<u8> {
        self.sign::<_, p256::ecdsa::DerSignature>(key, &ecdsa(signer))
    }
}

fn time(at: SystemTime) -> Time {
    let since = at.duration_since(UNIX_EPOCH).unwrap().as_secs();
    DateTime::from_unix_duration(Duration::from_secs(since))
        .unwrap()
        .into()
}

impl BuilderProfile for Spec {
    fn get_issuer(&self, _subject: &Name) -> Name {
        Name::from_str(&self.issuer).unwrap()
    }

    fn get_subject(&self) -> Name {
        Name::from_str(&self.subject).unwrap()
    }

    fn build_extensions(
        &self,
        _key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let mut all = Vec::new();
        let subject = tbs.subject();
        if let Some(authority) = &self.authority {
            all.push(authority.to_extension(subject, &all)?);
        }
        if let Some(usage) = &self.usage {
            all.push(usage.to_extension(subject, &all)?);
        }
        if !self.extended.is_empty() {
            all.push((&ExtendedKeyUsage(self.extended.clone())).to_extension(subject, &all)?);
        }
        if !self.hosts.is_empty() {
            let name = |host: &&str| match host.parse::<std::net::Ipv4Addr>() {
                Ok(address) => OctetString::new(address.octets()).map(GeneralName::IpAddress),
                Err(_) => Ia5String::new(host).map(GeneralName::DnsName),
            };
            let names = self.hosts.iter().map(name).collect::<Result<_, _>>()?;
            all.push((&SubjectAltName(names)).to_extension(subject, &all)?);
        }
        all.extend(self.more.iter().cloned());
        Ok(all)
    }
}

/// An extension by its number and its content in DER.
pub fn extension(id: &str, critical: bool, der: &[u8]) -> Extension {
    Extension {
        extn_id: id.parse().unwrap(),
        critical,
        extn_value: OctetString::new(der).unwrap(),
    }
}

/// A self-signed P-256 pair for `www.example.org`: chain and key.
pub fn good_pair() -> (String, String) {
    let key = p256_key();
    let leaf = Spec::leaf("leaf").by(&key.public_key(), &key);
    (certificates(&[&leaf]), pkcs8(&key))
}
