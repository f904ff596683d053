//! The components of images, for people.

use std::fmt::Write;

use crate::bom::{Bom, Component};

const HEAD: [&str; 5] = ["component", "version", "licence", "bytes", "needed by"];
/// More of those that need it are counted.
const NAMED: usize = 3;

pub(crate) fn of(images: &[Bom]) -> String {
    let mut text = String::new();
    for (number, bom) in images.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        let _ = writeln!(text, "{} ({})", bom.name(), bom.configuration());
        let mut rows = vec![HEAD.map(str::to_owned)];
        rows.extend(bom.components.iter().map(|component| row(bom, component)));
        let bytes: u64 = bom.components.iter().map(Component::bytes).sum();
        rows.push([
            format!("{} components", bom.components.len()),
            String::new(),
            String::new(),
            bytes.to_string(),
            String::new(),
        ]);
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: [usize; 5] = std::array::from_fn(width);
        for row in &rows {
            let line = format!(
                "  {:<name$}  {:<version$}  {:<license$}  {:>bytes$}  {}",
                row[0],
                row[1],
                row[2],
                row[3],
                row[4],
                name = widths[0],
                version = widths[1],
                license = widths[2],
                bytes = widths[3],
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

fn row(bom: &Bom, component: &Component) -> [String; 5] {
    let bytes = if component.components.is_empty() {
        String::new()
    } else {
        component.bytes().to_string()
    };
    [
        component.name.clone(),
        component.version.clone(),
        component.license().to_owned(),
        bytes,
        needed_by(bom, component),
    ]
}

/// What needs it, in a few words.
pub(crate) fn needed_by(bom: &Bom, component: &Component) -> String {
    let needing: Vec<_> = bom
        .needed_by(component)
        .into_iter()
        .map(|other| other.name.as_str())
        .collect();
    let more = needing.len().saturating_sub(NAMED);
    let named = needing[..needing.len() - more].join(", ");
    match (needing.is_empty(), more) {
        (true, _) => "the image".to_owned(),
        (_, 0) => named,
        _ => format!("{named} and {more} more"),
    }
}
