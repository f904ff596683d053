//! The verdict on a certificate chain and a private key.

use std::{
    fmt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use x509_cert::der::DateTime;
use zeroize::Zeroizing;

use super::{
    certificate::{Certificate, name_in_chain, shortened},
    pem::{self, Block},
    private_key::{self, PrivateKey},
    refusal::{Refusal, one_line, shown},
    source::Files,
    unused::{self, File},
};

/// How long before its end a certificate is called short-lived: the time in which people can
/// replace it without haste.
const SOON: Duration = Duration::from_hours(30 * 24);

/// Chains in use have two or three certificates; the bound keeps the check short.
const MAX_CHAIN: usize = 10;

/// Bytes of all certificates: a client with OpenSSL's defaults takes no more
/// (`SSL_MAX_CERT_LIST_DEFAULT`), and the bound keeps the check short as well.
const MAX_CHAIN_BYTES: usize = 102_400;

/// More names than these are counted, not shown.
const MAX_SHOWN: usize = 10;

/// TLS extensions for answers of OCSP: status_request and status_request_v2.
const STAPLING: [u64; 2] = [5, 17];

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
    let (chain, unused) =
        read_chain(&files.chain).map_err(|why| refuse(&files.chain_path, &why))?;
    check_match(&chain, &key).map_err(|why| {
        let key_path = shown(&files.key_path);
        refuse(&files.chain_path, &format_args!("{why} {key_path}"))
    })?;
    check_chain(&chain, now).map_err(|why| refuse(&files.chain_path, &why))?;

    let ends_first = chain.iter().map(|one| one.not_after).min();
    let end = ends_first.unwrap_or(DateTime::INFINITY);
    let expires_soon = now + SOON > UNIX_EPOCH + end.unix_duration();
    let mut about_chain = Vec::new();
    if expires_soon {
        about_chain.push(format!(
            "expires at {end} (UTC), in less than 30 days; replace it before"
        ));
    }
    about_chain.extend(chain_warnings(&chain));
    about_chain.extend(unused);
    let warn = |path: &Path, about: &[String]| -> Vec<_> {
        let path = shown(path);
        about
            .iter()
            .map(|why| one_line(&format!("{path}: {why}")))
            .collect()
    };
    let warnings = [
        warn(&files.chain_path, &about_chain),
        warn(&files.key_path, &key.warnings),
    ]
    .concat();
    let leaf = &chain[0];
    let mut names: Vec<_> = leaf
        .hosts
        .iter()
        .take(MAX_SHOWN)
        .map(ToString::to_string)
        .collect();
    if leaf.hosts.len() > MAX_SHOWN {
        names.push(format!("{} more", leaf.hosts.len() - MAX_SHOWN));
    }
    let summary = format!(
        "{} for {}, {}, valid until {end} (UTC)",
        shown(&files.chain_path),
        names.join(", "),
        key.public.kind()
    );
    let encode = |one: &Certificate| pem::encode("CERTIFICATE", &one.der).to_string();
    Ok(Pair {
        chain_pem: chain.iter().map(encode).collect(),
        last_pem: chain.last().map(encode).unwrap_or_default(),
        key_pem: key.pem,
        summary: one_line(&summary),
        warnings,
        expires_soon,
    })
}

/// The certificates of the file, and warnings about what else it has.
fn read_chain(text: &[u8]) -> Result<(Vec<Certificate>, Vec<String>), String> {
    const ALLOWED: &str = "allowed are PEM blocks CERTIFICATE, the server's first";
    let blocks = pem::blocks(text)?;
    // OpenSSL's own kind has settings for clients besides, and the other one is an old name.
    let is_certificate = |block: &&Block| {
        ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"].contains(&block.label.as_str())
    };
    let (certificates, others): (Vec<_>, Vec<_>) = blocks.iter().partition(is_certificate);
    if certificates.is_empty() {
        let instead = unused::instead(text, &blocks, File::Chain);
        return Err(format!("has no certificate{instead}; {ALLOWED}"));
    }
    if certificates.len() > MAX_CHAIN {
        return Err(format!("has more than {MAX_CHAIN} certificates; {ALLOWED}"));
    }
    let bytes: usize = certificates.iter().map(|block| block.der.len()).sum();
    if bytes > MAX_CHAIN_BYTES {
        return Err(format!(
            "has certificates of {bytes} bytes; allowed are {MAX_CHAIN_BYTES}, the most that clients with OpenSSL take"
        ));
    }
    let read = |(index, block): (usize, &&Block)| {
        block.without_header()?;
        Certificate::from_block(block).map_err(|why| format!("certificate {} {why}", index + 1))
    };
    let chain = certificates
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()?;
    Ok((chain, unused::warnings(&others, File::Chain)))
}

/// What clients will stumble over that may still be as it is meant.
fn chain_warnings(chain: &[Certificate]) -> Vec<String> {
    let leaf = &chain[0];
    let mut warnings = Vec::new();
    // Where more than one certificate is there, the last one's issuer is taken for a root,
    // which clients have; public authorities do not let a root sign for servers.
    if chain.len() == 1 && !leaf.is_self_issued() {
        warnings.push(format!(
            "has the server's certificate alone; that of its issuer, {}, is missing, and clients that do not have it refuse the connection; put it after the server's (what CAs give out as a chain, a bundle or fullchain has it)",
            shortened(&leaf.issuer)
        ));
    }
    for why in leaf.no_hosts.iter().take(MAX_SHOWN) {
        warnings.push(format!(
            "{} is for {why}; no client matches it",
            name_in_chain(0, &leaf.subject)
        ));
    }
    for (index, one) in chain.iter().enumerate() {
        let issuer = chain.get(index + 1);
        if issuer.is_some_and(|issuer| !one.names_key_of(issuer)) {
            warnings.push(format!(
                "{} calls the key of its issuer otherwise (authorityKeyIdentifier) than {} does (subjectKeyIdentifier); clients with OpenSSL refuse that",
                name_in_chain(index, &one.subject),
                name_in_chain(index + 1, &chain[index + 1].subject)
            ));
        }
        if index > 0 && !one.is_for_servers() {
            warnings.push(format!(
                "{} has anyExtendedKeyUsage and not serverAuth; clients with OpenSSL refuse that",
                name_in_chain(index, &one.subject)
            ));
        }
        for feature in one.features.iter().take(MAX_SHOWN) {
            warnings.push(format!(
                "{} obliges the server to have the TLS extension {feature} (RFC 7633); see that nginx has it",
                name_in_chain(index, &one.subject)
            ));
        }
    }
    warnings
}

fn check_match(chain: &[Certificate], key: &PrivateKey) -> Result<(), String> {
    match chain.iter().position(|one| one.key == key.public) {
        Some(0) => Ok(()),
        Some(index) => Err(format!(
            "{} must come first: it is the one that fits the key in",
            name_in_chain(index, &chain[index].subject)
        )),
        None => Err("the key of its first certificate is not the one in".to_owned()),
    }
}

fn check_chain(chain: &[Certificate], now: SystemTime) -> Result<(), String> {
    for (index, one) in chain.iter().enumerate() {
        let checks = || {
            check_dates(one, now)?;
            match index {
                0 => check_leaf(one)?,
                _ => check_authority(one, index)?,
            }
            check_features(one)?;
            one.check_extensions()?;
            check_signature(chain, index)?;
            check_constraints(one, &chain[0])
        };
        checks().map_err(|why: String| format!("{} {why}", name_in_chain(index, &one.subject)))?;
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
    let no_host = leaf
        .no_hosts
        .first()
        .map_or_else(String::new, |why| format!(" that clients match, but {why}"));
    let why = if leaf.is_authority() {
        "is a CA's, which browsers refuse as a server's; allowed is one with CA:FALSE (openssl req -x509 -addext basicConstraints=critical,CA:FALSE)"
    } else if leaf.hosts.is_empty() {
        return Err(format!(
            "names no host{no_host}: its subjectAltName needs a DNS name or an IP address, because clients no longer look at the subject"
        ));
    } else if !leaf.is_for_servers() {
        "is not for servers: its extendedKeyUsage needs serverAuth"
    } else if !leaf.is_netscape_server() {
        "is not for servers: its nsCertType needs server, or to be left out"
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
    if !one.is_for_issuers() {
        return Err("may not vouch for servers: its extendedKeyUsage needs serverAuth".to_owned());
    }
    // RFC 5280, 4.2.1.9: how many CAs may stand between this one and the server's certificate.
    let allowed = constraints.and_then(|constraints| constraints.path_len_constraint);
    if allowed.is_some_and(|allowed| index - 1 > usize::from(allowed)) {
        return Err("has a pathLenConstraint that is too short for this chain".to_owned());
    }
    Ok(())
}

/// What it obliges the server to do, which clients hold it to (RFC 7633, 4.2.3.1).
fn check_features(one: &Certificate) -> Result<(), String> {
    if one
        .features
        .iter()
        .any(|feature| STAPLING.contains(feature))
    {
        return Err("obliges the server to send an answer of OCSP in each handshake (\"must staple\", RFC 7633), which nginx does not do here, so that clients refuse it; allowed is one without the extension tlsfeature".to_owned());
    }
    Ok(())
}

/// The hosts that an authority may vouch for (RFC 5280, 4.2.1.10).
fn check_constraints(one: &Certificate, leaf: &Certificate) -> Result<(), String> {
    let Some(constraints) = &one.constraints else {
        return Ok(());
    };
    match leaf.hosts.iter().find(|host| !host.is_within(constraints)) {
        Some(host) => Err(format!(
            "may not vouch for {host}, which {} names: its nameConstraints do not allow it",
            name_in_chain(0, &leaf.subject)
        )),
        None => Ok(()),
    }
}

fn check_signature(chain: &[Certificate], index: usize) -> Result<(), String> {
    let one = &chain[index];
    let Some(issuer) = chain.get(index + 1) else {
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
    let next = name_in_chain(index + 1, &issuer.subject);
    if !one.names_as_issuer(issuer) {
        let is_issuer = |other: &Certificate| one.names_as_issuer(other);
        let what = match chain.iter().position(is_issuer) {
            Some(at) if at == index => "nothing follows a root, so take it out".to_owned(),
            Some(at) => format!(
                "each must be followed by its issuer, which is certificate {} here",
                at + 1
            ),
            None => "each must be followed by its issuer, which is missing".to_owned(),
        };
        return Err(format!(
            "was issued by {}, but {next} follows; {what}",
            shortened(&one.issuer)
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
