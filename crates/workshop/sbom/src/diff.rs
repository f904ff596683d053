//! How the components of images differ: what an update brings, and what it takes away.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use crate::bom::Bom;

/// One line of the table.
struct Change {
    name: String,
    before: String,
    after: String,
    bytes: i128,
}

/// Of images of the same name; those that only one side has are all new, or all gone.
pub(crate) fn of(before: &[Bom], after: &[Bom], markdown: bool) -> String {
    let mut text = String::new();
    let names: BTreeSet<_> = before.iter().chain(after).map(Bom::name).collect();
    for name in names {
        let one = |images: &'_ [Bom]| images.iter().position(|bom| bom.name() == name);
        let (old, new) = (
            one(before).map(|at| &before[at]),
            one(after).map(|at| &after[at]),
        );
        image(&mut text, name, old, new, markdown);
    }
    text
}

fn image(text: &mut String, name: &str, old: Option<&Bom>, new: Option<&Bom>, markdown: bool) {
    let configuration = |bom: Option<&Bom>| bom.map_or("none", Bom::configuration).to_owned();
    let (was, is) = (configuration(old), configuration(new));
    if was == is {
        let _ = writeln!(text, "{name}: the same, {is}");
        return;
    }
    let _ = writeln!(text, "{name}: {was} → {is}");
    let changes = changes(old, new);
    let rows = changes.iter().map(|change| {
        let bytes = match change.bytes {
            0 => String::new(),
            bytes => format!("{bytes:+}"),
        };
        [
            change.name.clone(),
            change.before.clone(),
            change.after.clone(),
            bytes,
        ]
    });
    let head = ["component", "before", "after", "bytes"].map(str::to_owned);
    let rows: Vec<_> = [head].into_iter().chain(rows).collect();
    if rows.len() == 1 {
        let _ = writeln!(text, "no component is another one");
        return;
    }
    if markdown {
        text.push('\n');
        for (number, row) in rows.iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if number == 0 {
                let _ = writeln!(text, "| --- | --- | --- | ---: |");
            }
        }
        text.push('\n');
        return;
    }
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    for row in &rows {
        let line = format!(
            "  {:<name$}  {:<before$}  {:<after$}  {:>bytes$}",
            row[0],
            row[1],
            row[2],
            row[3],
            name = widths[0],
            before = widths[1],
            after = widths[2],
            bytes = widths[3]
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// What a name stands for, on one side: versions, digests and bytes of all that have it.
#[derive(Default)]
struct Side {
    versions: BTreeSet<String>,
    digests: BTreeSet<String>,
    bytes: u64,
}

fn changes(old: Option<&Bom>, new: Option<&Bom>) -> Vec<Change> {
    let mut all: BTreeMap<&str, [Side; 2]> = BTreeMap::new();
    for (at, bom) in [old, new].into_iter().enumerate() {
        for component in bom.into_iter().flat_map(|bom| &bom.components) {
            let side = &mut all.entry(component.name.as_str()).or_default()[at];
            side.versions.insert(component.version.clone());
            side.digests
                .extend(component.hashes.iter().map(|hash| hash.content.clone()));
            side.bytes += component.bytes();
        }
    }
    let is = |side: &Side| side.versions.iter().cloned().collect::<Vec<_>>().join(", ");
    all.into_iter()
        .filter(|(_, [old, new])| old.digests != new.digests)
        .map(|(name, [old, new])| {
            let after = match (old.versions == new.versions, new.digests.is_empty()) {
                (_, true) => "gone".to_owned(),
                (true, _) => "other bytes".to_owned(),
                (false, _) => is(&new),
            };
            Change {
                name: name.to_owned(),
                before: if old.digests.is_empty() {
                    "new".to_owned()
                } else {
                    is(&old)
                },
                after,
                bytes: i128::from(new.bytes) - i128::from(old.bytes),
            }
        })
        .collect()
}
