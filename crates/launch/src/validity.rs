//! From when and until when a certificate is good (RFC 5280, section 4.1).

use der::{
    AnyRef, Decode, Header, SliceReader, Tag,
    asn1::{GeneralizedTime, UtcTime},
};
use pem_rfc7468::Decoder;

/// The longest certificate that is read, in bytes.
const MAX: usize = 1 << 13;

/// `notBefore` and `notAfter` of the first certificate of a file in PEM, in seconds since 1970.
#[must_use]
pub fn validity(pem: &str) -> Option<[u64; 2]> {
    const END: &str = "-----END CERTIFICATE-----";
    let first = pem.get(..pem.find(END)? + END.len())?;
    let mut decoder = Decoder::new_detect_wrap(first.as_bytes()).ok()?;
    let mut buffer = [0; MAX];
    let der = decoder.decode(buffer.get_mut(..decoder.remaining_len())?);
    read(der.ok()?).ok()
}

fn read(certificate: &[u8]) -> der::Result<[u64; 2]> {
    let mut reader = SliceReader::new(certificate)?;
    // Certificate, and in it TBSCertificate, whose version is left out where it is 1.
    Header::decode(&mut reader)?;
    Header::decode(&mut reader)?;
    if Tag::peek(&reader)? != Tag::Integer {
        AnyRef::decode(&mut reader)?;
    }
    // serialNumber, signature, issuer
    for _ in 0..3 {
        AnyRef::decode(&mut reader)?;
    }
    Header::decode(&mut reader)?;
    Ok([time(&mut reader)?, time(&mut reader)?])
}

fn time(reader: &mut SliceReader<'_>) -> der::Result<u64> {
    let since = match Tag::peek(reader)? {
        Tag::UtcTime => UtcTime::decode(reader)?.to_unix_duration(),
        _ => GeneralizedTime::decode(reader)?.to_unix_duration(),
    };
    Ok(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `openssl ca` with `-startdate` and `-enddate`: version 3, and version 1 past 2049, from
    /// when on dates are written in another form.
    const THREE: &str = "\
-----BEGIN CERTIFICATE-----
MIHyMIGloAMCAQICAQEwBQYDK2VwMAwxCjAIBgNVBAMMAWEwHhcNMjYwMTAxMDAw
MDAwWhcNMjYxMjMxMjM1OTU5WjAMMQowCAYDVQQDDAFhMCowBQYDK2VwAyEAHLvK
WamCg4dpd/LDuN5ZtxeNMEP0Fs+mzET3gGPdOhujLDAqMAkGA1UdEwQCMAAwHQYD
VR0OBBYEFHVOPSa/pOGCO894waCW0/ClNnsoMAUGAytlcANBALvo+EKluOLm7+Xs
ONMu/qbPBNgTU1JHh9ZXHs5sOFXCLI1+xMfn1IvkfzYvGN4M/k2zyb47Dje/tbZ+
x6CP2go=
-----END CERTIFICATE-----
";
    const ONE: &str = "\
-----BEGIN CERTIFICATE-----
MIHAMHQCAQIwBQYDK2VwMAwxCjAIBgNVBAMMAWEwIBcNNDkxMjMxMDAwMDAwWhgP
MjA1MDAxMDEwMDAwMDBaMAwxCjAIBgNVBAMMAWEwKjAFBgMrZXADIQAcu8pZqYKD
h2l38sO43lm3F40wQ/QWz6bMRPeAY906GzAFBgMrZXADQQAO17Wd4NPBuYZSncKd
W1iu34Aw1gs2Dde91VupRFT+HxqniT4lEvvqzWo37p2+uneu6NawY+8AVACet76l
xK8D
-----END CERTIFICATE-----
";

    #[test]
    fn the_first_certificate_counts() {
        for (text, wanted) in [
            (THREE.to_owned(), [1_767_225_600, 1_798_761_599]),
            (
                format!("a comment\n{ONE}{THREE}"),
                [2_524_521_600, 2_524_608_000],
            ),
            (THREE.replace('\n', "\r\n"), [1_767_225_600, 1_798_761_599]),
        ] {
            assert_eq!(validity(&text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_broken_has_none_or_another_one() {
        let end = THREE.trim_end().len();
        for length in 0..end {
            assert_eq!(validity(&THREE[..length]), None, "{length}");
        }
        let mut buffer = [0; MAX];
        let der = pem_rfc7468::decode(ONE.as_bytes(), &mut buffer).unwrap().1;
        for place in 0..der.len() {
            for byte in 0..=u8::MAX {
                let mut broken = der.to_vec();
                broken[place] = byte;
                let _ = read(&broken);
            }
            let _ = read(&der[..place]);
        }
    }
}
