//! Elements of ASN.1 in DER (X.690) that the library leaves unread, and OpenSSL does not.

use x509_cert::der::{
    Decode, Encode, Header, SliceReader, Tag, Tagged,
    asn1::{AnyRef, ObjectIdentifier},
};

/// The sequence that `der` starts with, and what follows it.
///
/// # Errors
/// The end of a sentence that starts with the name of what this is.
pub(super) fn split(der: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let unreadable = || "cannot be read: it does not start as ASN.1 in DER does".to_owned();
    let mut reader = SliceReader::new(der).map_err(|_| unreadable())?;
    let header = Header::decode(&mut reader).map_err(|_| unreadable())?;
    if header.tag() != Tag::Sequence {
        return Err(unreadable());
    }
    let sum = header.encoded_len().map_err(|_| unreadable())? + header.length();
    let length = usize::try_from(sum.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
    der.split_at_checked(length).ok_or_else(|| {
        format!(
            "cannot be read: it is cut off, has {} bytes of {length}",
            der.len()
        )
    })
}

/// Whether this is what an algorithm has for parameters: nothing, the name of a curve, or
/// numbers in a sequence.
pub(super) fn is_parameter(any: Option<AnyRef<'_>>) -> bool {
    any.is_none_or(|any| match any.tag() {
        Tag::Null => any == AnyRef::NULL,
        Tag::ObjectIdentifier => any.decode_as::<ObjectIdentifier>().is_ok(),
        tag => tag == Tag::Sequence,
    })
}
