//! Distinguished names (RFC 5280, 4.1.2.4): to show, to compare, and to make.
//!
//! The library's own conversion to and from text brings a table of all known attribute types,
//! which is larger than the rest of what is used of it.

use x509_cert::{
    attr::AttributeTypeAndValue,
    der::{
        self, Tag, Tagged,
        asn1::{Any, ObjectIdentifier, Utf8StringRef},
    },
    name::{Name, RdnSequence, RelativeDistinguishedName},
};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// `CN=Some CA, O=Some company`. Two names have the same text only if they are the same but
/// for the types of their strings.
pub(super) fn text(name: &Name) -> String {
    let mut parts: Vec<_> = name.iter().map(part).collect();
    // Certificates go from the country to the common name; people read it the other way.
    parts.reverse();
    parts.join(", ")
}

fn part(attribute: &AttributeTypeAndValue) -> String {
    let oid = attribute.oid.to_string();
    let kind = match oid.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        other => other,
    };
    let bytes = attribute.value.value();
    let is_text = matches!(
        attribute.value.tag(),
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString
    );
    match str::from_utf8(bytes) {
        // A comma in a value would look like the next part.
        Ok(value) if is_text => {
            format!("{kind}={}", value.replace('\\', r"\\").replace(',', r"\,"))
        }
        _ => format!("{kind}=#{}", bytes.escape_ascii()),
    }
}

/// Whether each text in the name has one of the types that names have, and is written as that
/// type has it; OpenSSL loads no certificate with another one.
pub(super) fn is_well_formed(name: &Name) -> bool {
    name.iter().all(|attribute| {
        let bytes = attribute.value.value();
        match attribute.value.tag() {
            Tag::Utf8String => str::from_utf8(bytes).is_ok(),
            Tag::BmpString => {
                let (units, rest) = bytes.as_chunks();
                let is_character =
                    |unit: &[u8; 2]| char::from_u32(u16::from_be_bytes(*unit).into());
                rest.is_empty() && units.iter().all(|unit| is_character(unit).is_some())
            }
            Tag::PrintableString | Tag::TeletexString | Tag::Ia5String | Tag::NumericString => true,
            _ => false,
        }
    })
}

/// A name that is only a common name.
pub(super) fn common(name: &str) -> der::Result<Name> {
    let attribute = AttributeTypeAndValue {
        oid: COMMON_NAME,
        value: Any::encode_from(&Utf8StringRef::new(name)?)?,
    };
    let mut sequence = RdnSequence::default();
    sequence.push(RelativeDistinguishedName::try_from(vec![attribute])?);
    Ok(Name::hazmat_from_rdn_sequence(sequence))
}

#[cfg(test)]
mod tests {
    use x509_cert::der::asn1::{PrintableStringRef, TeletexStringRef};

    use super::*;

    fn shown(attributes: &[(&str, Any)]) -> String {
        let mut sequence = RdnSequence::default();
        for (oid, value) in attributes {
            let oid = oid.parse().unwrap();
            let value = value.clone();
            let attribute = AttributeTypeAndValue { oid, value };
            sequence.push(RelativeDistinguishedName::try_from(vec![attribute]).unwrap());
        }
        text(&Name::hazmat_from_rdn_sequence(sequence))
    }

    fn utf8(text: &str) -> Any {
        Any::encode_from(&Utf8StringRef::new(text).unwrap()).unwrap()
    }

    #[test]
    fn names_are_shown() {
        let printable = Any::encode_from(&PrintableStringRef::new("DE").unwrap()).unwrap();
        let old = Any::encode_from(&TeletexStringRef::new("B").unwrap()).unwrap();
        let (cn, o, c) = ("2.5.4.3", "2.5.4.10", "2.5.4.6");
        for (name, wanted) in [
            (
                &[(c, printable), (o, old), (cn, utf8("A CA"))][..],
                "CN=A CA, O=B, C=DE",
            ),
            (&[(cn, utf8("a, O=b"))], r"CN=a\, O=b"),
            (&[(cn, utf8(r"a\"))], r"CN=a\\"),
            (&[("2.5.4.5", utf8("7"))], "2.5.4.5=7"),
            (
                &[(cn, Any::new(Tag::BmpString, *b"\0a").unwrap())],
                r"CN=#\x00a",
            ),
            (&[], ""),
        ] {
            assert_eq!(shown(name), wanted);
        }
    }

    #[test]
    fn texts_have_a_type_and_are_of_it() {
        for (tag, bytes, wanted) in [
            (Tag::Utf8String, &b"caf\xc3\xa9"[..], true),
            (Tag::Utf8String, b"caf\xe9", false),
            (Tag::TeletexString, b"caf\xe9", true),
            (Tag::PrintableString, b"a", true),
            (Tag::Ia5String, b"a@b", true),
            (Tag::NumericString, b"7", true),
            (Tag::BmpString, b"\0a\x20\xac", true),
            (Tag::BmpString, b"\0a\x20", false),
            (Tag::BmpString, b"\xd8\0\0a", false),
            (Tag::UtcTime, b"a", false),
            (Tag::OctetString, b"a", false),
        ] {
            let mut sequence = RdnSequence::default();
            let oid = COMMON_NAME;
            let value = Any::new(tag, bytes).unwrap();
            let attribute = AttributeTypeAndValue { oid, value };
            sequence.push(RelativeDistinguishedName::try_from(vec![attribute]).unwrap());
            let name = Name::hazmat_from_rdn_sequence(sequence);
            assert_eq!(is_well_formed(&name), wanted, "{tag} {bytes:?}");
        }
    }

    #[test]
    fn a_common_name_is_made() {
        assert_eq!(text(&common("localhost").unwrap()), "CN=localhost");
    }
}
