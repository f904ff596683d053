//! One page that shows an image: where its bytes are, what they are of, and what an edit ships.
//! It needs no script and no other file.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    bom::{Bom, Component},
    table::needed_by,
};

const STYLE: &str = include_str!("report.css");
const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 640.0;
/// Letters that are narrower than this have no room.
const LETTER: f64 = 7.0;

pub(crate) fn of(bom: &Bom) -> String {
    let mut page = String::new();
    let total: u64 = bom.components.iter().map(Component::bytes).sum();
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}: what it is made of</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{0} {1}</h1>\n<p>{2} bytes in {3} files of {4} components. Configuration <code>{5}</code></p>\n",
        escaped(bom.name()),
        escaped(&bom.metadata.component.version),
        total,
        bom.components
            .iter()
            .map(|component| component.components.len())
            .sum::<usize>(),
        bom.components.len(),
        escaped(bom.configuration()),
    );
    treemap(&mut page, bom);
    layers(&mut page, bom);
    components(&mut page, bom);
    licenses(&mut page, bom);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// A place on the picture.
#[derive(Clone, Copy)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

fn treemap(page: &mut String, bom: &Bom) {
    let _ = writeln!(
        page,
        "<h2>Bytes</h2>\n<p>Each area is a file, as large as its bytes are, in its component, in its layer. A click leads to the component's row.</p>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"group\" aria-label=\"Files by layer and component, by their bytes\">"
    );
    let count = bom.layers().len();
    // By layer, then by component.
    let mut parts: Vec<BTreeMap<usize, Vec<&Component>>> = vec![BTreeMap::new(); count];
    for (number, component) in bom.components.iter().enumerate() {
        for file in &component.components {
            if let Some(layer) = parts.get_mut(file.layer()) {
                layer.entry(number).or_default().push(file);
            }
        }
    }
    let bytes = |files: &[&Component]| files.iter().map(|file| file.bytes()).sum::<u64>();
    let weights: Vec<u64> = parts
        .iter()
        .map(|layer| layer.values().map(|files| bytes(files)).sum())
        .collect();
    let whole = Area {
        x: 0.0,
        y: 0.0,
        width: WIDTH,
        height: HEIGHT,
    };
    for (layer, area) in areas(&weights, whole).into_iter().enumerate() {
        let within: Vec<_> = parts[layer].iter().collect();
        let weights: Vec<u64> = within.iter().map(|(_, files)| bytes(files)).collect();
        for ((number, files), area) in within.iter().zip(areas(&weights, area)) {
            let component = &bom.components[**number];
            let label = format!(
                "{} {}, {} bytes",
                component.name,
                component.version,
                bytes(files)
            );
            let _ = writeln!(
                page,
                "<a href=\"#component-{number}\" aria-label=\"{}\">",
                escaped(&label)
            );
            let weights: Vec<u64> = files.iter().map(|file| file.bytes()).collect();
            for (file, area) in files.iter().zip(areas(&weights, area)) {
                rectangle(
                    page,
                    area,
                    layer % 6,
                    &format!("{}: {} bytes", file.name, file.bytes()),
                );
            }
            caption(page, area, &component.name);
            page.push_str("</a>\n");
        }
    }
    page.push_str("</svg>\n");
}

fn rectangle(page: &mut String, area: Area, color: usize, title: &str) {
    let _ = writeln!(
        page,
        "<rect class=\"c{color}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
        area.x,
        area.y,
        area.width,
        area.height,
        escaped(title)
    );
}

/// Where there is room for it.
fn caption(page: &mut String, area: Area, text: &str) {
    #[expect(clippy::cast_precision_loss, reason = "a name's length")]
    let needed = text.chars().count() as f64 * LETTER + 8.0;
    if area.width > needed && area.height > 20.0 {
        let _ = writeln!(
            page,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            area.x + 4.0,
            area.y + 14.0,
            escaped(text)
        );
    }
}

/// An area for each weight, as near to squares as can be: <https://vanwijk.win.tue.nl/stm.pdf>
fn areas(weights: &[u64], whole: Area) -> Vec<Area> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(weights[*at]));
    let empty = Area {
        width: 0.0,
        height: 0.0,
        ..whole
    };
    let mut placed = vec![empty; weights.len()];
    let total: u64 = weights.iter().sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture has fewer points than that"
    )]
    let area_of =
        |at: &usize| weights[*at] as f64 / total.max(1) as f64 * whole.width * whole.height;
    let mut left = whole;
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        let side = left.width.min(left.height);
        let mut count = 1;
        while count < rest.len()
            && worst(&rest[..=count], side, area_of) <= worst(&rest[..count], side, area_of)
        {
            count += 1;
        }
        let row: f64 = rest[..count].iter().map(area_of).sum();
        let depth = if side > 0.0 { row / side } else { 0.0 };
        let mut along = 0.0;
        for at in &rest[..count] {
            let length = if depth > 0.0 {
                area_of(at) / depth
            } else {
                0.0
            };
            placed[*at] = if left.width >= left.height {
                Area {
                    x: left.x,
                    y: left.y + along,
                    width: depth,
                    height: length,
                }
            } else {
                Area {
                    x: left.x + along,
                    y: left.y,
                    width: length,
                    height: depth,
                }
            };
            along += length;
        }
        if left.width >= left.height {
            left = Area {
                x: left.x + depth,
                width: (left.width - depth).max(0.0),
                ..left
            };
        } else {
            left = Area {
                y: left.y + depth,
                height: (left.height - depth).max(0.0),
                ..left
            };
        }
        rest = &rest[count..];
    }
    placed
}

/// The longest of a row against its breadth.
fn worst(row: &[usize], side: f64, area_of: impl Fn(&usize) -> f64) -> f64 {
    let sum: f64 = row.iter().map(&area_of).sum();
    let ratio = |at: &usize| {
        let (one, sum2, side2) = (area_of(at), sum * sum, side * side);
        (side2 * one / sum2).max(sum2 / (side2 * one))
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// A table under a heading, with what `rows` writes; one that is too wide is scrolled by itself.
fn table(
    page: &mut String,
    heading: &str,
    about: &str,
    columns: &[&str],
    rows: impl FnOnce(&mut String),
) {
    let _ = write!(
        page,
        "<h2>{heading}</h2>\n<p>{about}</p>\n<div role=\"region\" aria-label=\"{heading}\" tabindex=\"0\">\n<table>\n<thead><tr>"
    );
    for column in columns {
        let _ = write!(page, "<th scope=\"col\">{column}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    rows(page);
    page.push_str("</tbody>\n</table>\n</div>\n");
}

fn layers(page: &mut String, bom: &Bom) {
    let layers = bom.layers();
    let mut bytes = vec![0; layers.len()];
    for file in bom
        .components
        .iter()
        .flat_map(|component| &component.components)
    {
        if let Some(sum) = bytes.get_mut(file.layer()) {
            *sum += file.bytes();
        }
    }
    table(
        page,
        "Layers",
        "From the lowest to the highest. An edit of what is in one ships it and, where an engine keeps chains of layers, those above it.",
        &[
            "layer",
            "holds",
            "bytes of files",
            "with those above",
            "digest",
        ],
        |page| {
            for (number, (digest, name)) in layers.iter().enumerate() {
                let above: u64 = bytes[number..].iter().sum();
                let _ = writeln!(
                    page,
                    "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{above}</td><td><code>{}</code></td></tr>",
                    number + 1,
                    escaped(name),
                    bytes[number],
                    escaped(digest)
                );
            }
        },
    );
}

fn components(page: &mut String, bom: &Bom) {
    table(
        page,
        "Components",
        "Packages, with their files; and what is linked into programs, which has none of its own.",
        &[
            "component",
            "version",
            "licence",
            "bytes",
            "needed by",
            "where",
        ],
        |page| {
            for (number, component) in bom.components.iter().enumerate() {
                let (place, bytes) = if component.components.is_empty() {
                    ("linked into ", String::new())
                } else {
                    ("", component.bytes().to_string())
                };
                let _ = writeln!(
                    page,
                    "<tr id=\"component-{number}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"number\">{bytes}</td><td>{}</td><td>{place}<code>{}</code></td></tr>",
                    escaped(&component.name),
                    escaped(&component.version),
                    escaped(component.license()),
                    escaped(&needed_by(bom, component)),
                    escaped(component.path()),
                );
            }
        },
    );
}

fn licenses(page: &mut String, bom: &Bom) {
    let mut by_license: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for component in &bom.components {
        by_license
            .entry(component.license())
            .or_default()
            .push(&component.name);
    }
    table(
        page,
        "Licences",
        "As the packages and crates state them.",
        &["licence", "components"],
        |page| {
            for (license, names) in by_license {
                let _ = writeln!(
                    page,
                    "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                    escaped(license),
                    escaped(&names.join(", "))
                );
            }
        },
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
