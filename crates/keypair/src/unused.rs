//! The blocks of a file that nothing here reads: each is named, with what to do about it.

use super::pem::Block;

/// More labels than these in one file are counted, not named.
const MOST: usize = 5;

/// What a file's blocks are read for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum File {
    Chain,
    Key,
}

/// The ends of sentences that start with the file's name, one for each label.
pub(super) fn warnings(blocks: &[&Block], file: File) -> Vec<String> {
    let mut labels: Vec<&str> = Vec::new();
    for block in blocks {
        if !labels.contains(&block.label.as_str()) && labels.len() <= MOST {
            labels.push(&block.label);
        }
    }
    let warning = |label: &&str| {
        let mut same = blocks.iter().filter(|block| block.label == *label);
        let line = same.next().map_or(0, |block| block.line);
        let more = match same.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let advice = advice(label, file);
        format!("its block {label} (line {line}{more}) is not used: {advice}")
    };
    let mut all: Vec<_> = labels.iter().take(MOST).map(warning).collect();
    if labels.len() > MOST {
        all.push("it has blocks of still other kinds, which are not used either".to_owned());
    }
    all
}

/// What a file has that lacks what it is for: a part of a sentence.
pub(super) fn instead(text: &[u8], blocks: &[Block], file: File) -> String {
    match blocks.first() {
        Some(block) => {
            let advice = advice(&block.label, file);
            format!(", but a block {} (line {}): {advice}", block.label, block.line)
        }
        // What base64 makes of the start of a sequence in DER.
        None if text.trim_ascii_start().starts_with(b"MI") => {
            ", but what looks like base64: the lines -----BEGIN LABEL----- and -----END LABEL----- are missing".to_owned()
        }
        None => String::new(),
    }
}

/// Labels are those of RFC 7468, and of OpenSSL's `pem.h`.
fn advice(label: &str, file: File) -> &'static str {
    match label {
        "OPENSSH PRIVATE KEY" if file == File::Key => {
            "it has OpenSSH's own form; ssh-keygen -p -N '' -m PKCS8 -f FILE makes it a PRIVATE KEY"
        }
        _ if label.ends_with("PRIVATE KEY") => {
            "the key is read from localhost.key; take it out, since certificates are shown to everybody"
        }
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" if file == File::Key => {
            "certificates are read from localhost.crt"
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            "it is what a CA makes a certificate of; put that one in its place"
        }
        "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => {
            "openssl pkcs7 -print_certs -in FILE makes CERTIFICATE blocks of it"
        }
        "X509 CRL" => "a list of what was revoked is for clients; take it out",
        "PUBLIC KEY" | "RSA PUBLIC KEY" if file == File::Key => {
            "it is the public half of a key, and the private one is wanted"
        }
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a certificate has it already; take it out",
        "EC PARAMETERS" if file == File::Key => {
            "it does not name the curve of the private key; take it out"
        }
        "EC PARAMETERS" => "it belongs to a private key; take it out",
        "DH PARAMETERS" | "X9.42 DH PARAMETERS" => "no cipher in use here needs it; take it out",
        _ if ["CERTIFICATE", "PRIVATE KEY"]
            .iter()
            .any(|known| label.trim().eq_ignore_ascii_case(known)) =>
        {
            "its label must be in capitals, with one blank after BEGIN"
        }
        _ => "nothing here reads blocks of that kind; take it out",
    }
}
