//! What this service is configured with, besides what every service has.

use chassis::variable::{Allowed, Value};

chassis::variables! {
    /// What this service is configured with, besides what every service has.
    #[derive(Clone, Debug)]
    pub struct Settings {
        /// the digest of the image that the process runs from, shown on the page
        // No image can hold its own; whoever starts it can say it.
        pub image_digest: ImageDigest = APP_IMAGE_DIGEST or "unknown";
    }
}

/// The digest of the image that the process runs from, where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDigest(Option<String>);

impl ImageDigest {
    /// As `sha256:` and hexadecimal digits.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Value for ImageDigest {
    const ALLOWED: Allowed =
        Allowed::Text("`sha256:` and 64 hexadecimal digits in lower case, or `unknown`");

    fn parse(text: &str) -> Option<Self> {
        if text == "unknown" {
            return Some(Self(None));
        }
        let digits = text.strip_prefix("sha256:")?;
        let valid = digits.len() == 64
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(Some(text.to_owned())))
    }

    fn text(&self) -> String {
        self.known().unwrap_or("unknown").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use chassis::Config;
    use chassis::variable::Table as _;

    use super::*;

    #[test]
    fn a_digest_is_whole_or_unknown() {
        let digest = format!("sha256:{}", "0af9".repeat(16));
        for text in ["unknown", &digest] {
            assert_eq!(ImageDigest::parse(text).unwrap().text(), text);
        }
        for text in [
            "",
            "sha256:",
            &digest[..70],
            &format!("{digest}0"),
            &digest.to_uppercase(),
            &digest.replace("sha256", "sha512"),
        ] {
            assert_eq!(ImageDigest::parse(text), None, "{text}");
        }
    }

    /// The page is what the rows say, and is made by them.
    #[test]
    fn the_page_of_variables_is_the_table() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CONFIGURATION.md");
        let text = fs::read_to_string(page).unwrap();
        let table = <(Config, Settings)>::markdown();
        assert!(
            text.contains(&format!("\n\n{table}\n")),
            "this belongs into {page}, in the place of the table that is there:\n\n{table}"
        );
    }
}
