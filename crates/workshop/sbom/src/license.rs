//! Licences as SPDX expressions: <https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>

use spdx::{Expression, ParseMode};

/// What crates wrote before there was a rule (`MIT/Apache-2.0`), in today's words; what is no
/// expression at all becomes a name of its own, as SPDX has it for what is in no list.
pub(crate) fn expression(stated: &str) -> String {
    let strict = |text: &str| Expression::parse(text).is_ok();
    if strict(stated) {
        return stated.to_owned();
    }
    match Expression::canonicalize(stated) {
        Ok(Some(canonical)) if strict(&canonical) => canonical,
        _ if Expression::parse_mode(stated, ParseMode::LAX).is_ok() => stated.replace('/', " OR "),
        _ => format!(
            "LicenseRef-{}",
            stated.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
        ),
    }
}

/// The names in an expression that are in no list.
pub(crate) fn own_names(expression: &str) -> Vec<&str> {
    expression
        .split(|letter: char| letter.is_whitespace() || "()".contains(letter))
        .filter(|word| word.starts_with("LicenseRef-"))
        .collect()
}
