//! Which component a file is of, and why that is in the image.

use std::{collections::HashSet, fmt::Write};

use crate::{
    bom::{Bom, Component},
    inventory::Wrong,
};

/// More of those that fit are counted.
const SHOWN: usize = 10;

/// Of each file the path of which ends so.
pub(crate) fn of(file: &str, images: &[Bom]) -> Result<String, Wrong> {
    let whole = format!("/{}", file.trim_start_matches('/'));
    let mut text = String::new();
    let mut found = 0;
    for bom in images {
        for component in &bom.components {
            for one in component
                .components
                .iter()
                .filter(|one| one.name == file || one.name.ends_with(&whole))
            {
                found += 1;
                if found <= SHOWN {
                    say(&mut text, bom, component, one);
                }
            }
        }
    }
    if found == 0 {
        let names: Vec<_> = images.iter().map(Bom::name).collect();
        return Err(vec![format!(
            "no file of {} ends in {whole}",
            names.join(" or ")
        )]);
    }
    if found > SHOWN {
        let _ = writeln!(text, "and {} more files that end so", found - SHOWN);
    }
    Ok(text)
}

fn say(text: &mut String, bom: &Bom, component: &Component, file: &Component) {
    let layers = bom.layers();
    let digest = file.hashes.first().map_or("", |hash| hash.content.as_str());
    let _ = writeln!(text, "{}", file.name);
    let _ = writeln!(
        text,
        "  in {}, {} bytes, sha256:{digest}",
        bom.name(),
        file.bytes()
    );
    if let Some((digest, name)) = layers.get(file.layer()) {
        let _ = writeln!(
            text,
            "  layer {} of {}: {name}, {digest}",
            file.layer() + 1,
            layers.len()
        );
    }
    let _ = writeln!(
        text,
        "  of {} {} ({}), {}",
        component.name,
        component.version,
        component.license(),
        component.purl
    );
    let linked = bom
        .components
        .iter()
        .filter(|one| one.components.is_empty() && one.path() == component.path())
        .count();
    if linked > 0 {
        let _ = writeln!(text, "  with {linked} components linked into it");
    }
    for line in why(bom, component) {
        let _ = writeln!(text, "  {line}");
    }
}

/// The shortest way from what the image is there for.
fn why(bom: &Bom, component: &Component) -> Vec<String> {
    let mut seen = HashSet::from([component.reference.as_str()]);
    let mut ways = vec![vec![component]];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let needing = way
                .last()
                .map(|last| bom.needed_by(last))
                .unwrap_or_default();
            if needing.is_empty() {
                return said(&way);
            }
            for other in needing {
                if seen.insert(other.reference.as_str()) {
                    longer.push([way.as_slice(), &[other]].concat());
                }
            }
        }
        ways = longer;
    }
    vec!["what needs it needs itself alone".to_owned()]
}

fn said(way: &[&Component]) -> Vec<String> {
    if way.len() == 1 {
        return vec!["it is what the image is for".to_owned()];
    }
    way.windows(2)
        .map(|two| format!("{} needs {}", two[1].name, two[0].name))
        .collect()
}
