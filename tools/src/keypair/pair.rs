//! The verdict on a certificate chain and a private key.

use std::{
    fmt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use x509_cert::der::DateTime;
use zeroize::Zeroizing;

use super::{
    Refusal,
    certificate::{Certificate, place},
    pem,
    private_key::{self, PrivateKey},
    shown,
    source::Files,
};

/// How long before its end a certificate is called short-lived: the time in which people can
/// replace it without haste.
const SOON: Duration = Duration::from_hours(30 * 24);

/// Chains in use have two or three certificates; the bound keeps the check short.
const MAX_CHAIN: usize = 10;

/// A pair that passed every check, written anew: what is handed over is what was checked,
/// and nothing else that stood in the files.
pub(super) struct Pair {
    pub(super) chain_pem: String,
    pub(super) key_pem: Zeroizing<String>,
    /// The chain's last certificate.
    pub(super) last_pem: String,
    /// A line about it: names, key, end.
    pub(super) summary: String,
    pub(super) warnings: Vec<String>,
    pub(super) expires_soon: bool,
}

/// Checks both files as of `now`.
///
/// # Errors
/// One sentence on the first thing that is wrong.
pub(super) fn check(files: &Files, now: SystemTime) -> Result<Pair, Refusal> {
    let refuse =
        |path: &Path, why: &dyn fmt::Display| Refusal::new(format!("{}: {why}", shown(path)));
    let key = private_key::read(&files.key).map_err(|why| refuse(&files.key_path, &why))?;
    let chain = read_chain(&files.chain).map_err(|why| refuse(&files.chain_path, &why))?;
    check_match(&chain, &key).map_err(|why| {
        let key_path = shown(&files.key_path);
        refuse(&files.chain_path, &format_args!("{why} {key_path}"))
    })?;
    check_chain(&chain, now).map_err(|why| refuse(&files.chain_path, &why))?;

    let ends_first = chain.iter().map(|one| one.not_after).min();
    let end = ends_first.unwrap_or(DateTime::INFINITY);
    let expires_soon = now + SOON > UNIX_EPOCH + end.unix_duration();
    let mut warnings = Vec::new();
    if expires_soon {
        warnings.push(format!(
            "{}: expires at {end} (UTC), in less than 30 days; replace it before",
            shown(&files.chain_path)
        ));
    }
    let leaf = &chain[0];
    let summary = format!(
        "{} for {}, {}, valid until {end} (UTC)",
        shown(&files.chain_path),
        leaf.names.join(", "),
        key.public.kind()
    );
    let encode = |one: &Certificate| pem::encode("CERTIFICATE", &one.der).to_string();
    Ok(Pair {
        chain_pem: chain.iter().map(encode).collect(),
        last_pem: chain.last().map(encode).unwrap_or_default(),
        key_pem: key.pem,
        summary: super::refusal::one_line(&summary),
        warnings,
        expires_soon,
    })
}

fn read_chain(text: &[u8]) -> Result<Vec<Certificate>, String> {
    const ALLOWED: &str = "allowed are PEM blocks CERTIFICATE, the server's first";
    let blocks = pem::blocks(text)?;
    let blocks = blocks.iter().filter(|block| block.label == "CERTIFICATE");
    let chain = blocks
        .take(MAX_CHAIN + 1)
        .enumerate()
        .map(|(index, block)| {
            Certificate::from_der(&block.der)
                .map_err(|why| format!("certificate {} {why}", index + 1))
        })
        .collect::<Result<Vec<_>, _>>()?;
    match chain.len() {
        // DER, the binary form, and PKCS#12 start with the tag of an ASN.1 sequence.
        0 if text.starts_with(b"\x30") => Err(format!("is binary (DER or PKCS#12); {ALLOWED}")),
        0 => Err(format!("has no certificate; {ALLOWED}")),
        1..=MAX_CHAIN => Ok(chain),
        _ => Err(format!("has more than {MAX_CHAIN} certificates; {ALLOWED}")),
    }
}

fn check_match(chain: &[Certificate], key: &PrivateKey) -> Result<(), String> {
    match chain.iter().position(|one| one.key == key.public) {
        Some(0) => Ok(()),
        Some(index) => Err(format!(
            "{} must come first: it is the one that fits the key in",
            place(index, &chain[index].subject)
        )),
        None => Err("the key of its first certificate is not the one in".to_owned()),
    }
}

fn check_chain(chain: &[Certificate], now: SystemTime) -> Result<(), String> {
    for (index, one) in chain.iter().enumerate() {
        let issuer = chain.get(index + 1);
        let checks = || {
            check_dates(one, now)?;
            match index {
                0 => check_leaf(one)?,
                _ => check_authority(one, index)?,
            }
            check_signature(one, index, issuer)
        };
        checks().map_err(|why: String| format!("{} {why}", place(index, &one.subject)))?;
    }
    Ok(())
}

fn check_dates(one: &Certificate, now: SystemTime) -> Result<(), String> {
    // A client compares whole seconds, both ends included (RFC 5280, 4.1.2.5).
    let now = now
        .duration_since(UNIX_EPOCH)
        .map_err(|_| "cannot be judged: the clock stands before 1970".to_owned())?;
    let now = Duration::from_secs(now.as_secs());
    if now > one.not_after.unix_duration() {
        return Err(format!("expired at {} (UTC)", one.not_after));
    }
    if now < one.not_before.unix_duration() {
        return Err(format!("is valid only from {} (UTC) on", one.not_before));
    }
    Ok(())
}

/// What browsers want of a server's certificate (CA/Browser Forum, Baseline Requirements 7.1.2.7).
fn check_leaf(leaf: &Certificate) -> Result<(), String> {
    let why = if leaf.is_authority() {
        "is a CA's, which browsers refuse as a server's; allowed is one with CA:FALSE (openssl req -x509 -addext basicConstraints=critical,CA:FALSE)"
    } else if leaf.names.is_empty() {
        "names no host: its subjectAltName needs a DNS name or an IP address, because clients no longer look at the subject"
    } else if !leaf.is_for_servers() {
        "is not for servers: its extendedKeyUsage needs serverAuth"
    } else if leaf
        .usage
        .as_ref()
        .is_some_and(|usage| !usage.digital_signature())
    {
        "cannot be used in a handshake: its keyUsage needs digitalSignature"
    } else {
        return Ok(());
    };
    Err(why.to_owned())
}

fn check_authority(one: &Certificate, index: usize) -> Result<(), String> {
    // A root that was made before extensions came (version 1) has none; it may stand last.
    let constraints = one.authority.as_ref();
    let is_old_root = constraints.is_none() && one.is_self_issued();
    if !(one.is_authority() || is_old_root) {
        return Err(
            "is no CA's: after the server's certificate come those of its issuers only".to_owned(),
        );
    }
    if one
        .usage
        .as_ref()
        .is_some_and(|usage| !usage.key_cert_sign())
    {
        return Err("may not sign certificates: its keyUsage needs keyCertSign".to_owned());
    }
    // RFC 5280, 4.2.1.9: how many CAs may stand between this one and the server's certificate.
    let allowed = constraints.and_then(|constraints| constraints.path_len_constraint);
    if allowed.is_some_and(|allowed| index - 1 > usize::from(allowed)) {
        return Err("has a pathLenConstraint that is too short for this chain".to_owned());
    }
    Ok(())
}

fn check_signature(
    one: &Certificate,
    index: usize,
    issuer: Option<&Certificate>,
) -> Result<(), String> {
    let Some(issuer) = issuer else {
        // Nobody relies on a root's signature of itself, so that it may be an old one; a lone
        // self-signed certificate is the server's own, and its signature counts.
        if index > 0 && one.is_self_issued() {
            return Ok(());
        }
        let scheme = one.scheme()?;
        if one.is_self_issued() && !one.is_signed_by(&one.key, scheme) {
            return Err("is damaged: its own signature does not fit it".to_owned());
        }
        return Ok(());
    };
    let next = place(index + 1, &issuer.subject);
    if !one.names_as_issuer(issuer) {
        return Err(format!(
            "was issued by {}, but {next} follows; each must be followed by its issuer",
            one.issuer
        ));
    }
    let scheme = one.scheme()?;
    if !one.is_signed_by(&issuer.key, scheme) {
        return Err(format!(
            "was not signed by the key of {next}, which bears its issuer's name"
        ));
    }
    Ok(())
}
