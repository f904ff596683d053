//! A table as a picture: bars side by side, how far the rounds lie apart, and what is asked. Each
//! figure stands beside its bar, so that there is no axis: the longest of a metric's is the whole
//! width.

use anyhow::Result;
use askama::Template;

use super::bars::Judged;
use super::{Figure, Group, Table};
use crate::quantity::significant;

/// From row to row, and above the first of them.
const ROW: usize = 22;
const HEAD: usize = 46;

#[derive(Template)]
#[template(path = "plot.svg")]
struct Picture<'a> {
    title: &'a str,
    /// What the ratios are of; empty where there are none.
    reference: &'a str,
    asks: bool,
    rows: Vec<Row<'a>>,
    /// Where the bars begin, and how long the longest is.
    left: usize,
    width: usize,
    height: usize,
}

enum Row<'a> {
    Heading(&'a str),
    Figure {
        figure: &'a Figure<'a>,
        /// The median, the least, and what is between that and the most, in percent of the width.
        bar: Option<[String; 3]>,
        /// What is asked, likewise.
        asked: Vec<String>,
        text: String,
    },
}

/// The picture of a table.
pub(crate) fn picture(table: &Table<'_>, judged: &[Judged<'_>]) -> Result<String> {
    let mut rows = Vec::new();
    let names = table.groups.iter().flat_map(|group| &group.figures);
    // What a letter takes at most, since text cannot be measured here.
    let left = 24
        + 7 * names
            .map(|figure| figure.contender.len())
            .max()
            .unwrap_or(0);
    for group in &table.groups {
        if table.groups.len() > 1 {
            rows.push(Row::Heading(group.label));
        }
        let judged: Vec<_> = judged
            .iter()
            .filter(|bar| bar.bar.metric == group.metric)
            .collect();
        let percent = scale(group, &judged);
        for figure in &group.figures {
            // One that is of the contender's own figures says nothing of the others.
            let asks = |bar: &&&Judged<'_>| {
                let all = bar.bar.of.as_ref().is_some_and(|of| of.contender.is_some());
                all || bar.bar.contender == figure.contender
            };
            let asked = judged.iter().filter(asks).filter_map(|bar| bar.at);
            rows.push(Row::Figure {
                figure,
                bar: figure
                    .spread
                    .map(|it| [it.median, it.low, it.high - it.low].map(&percent)),
                asked: asked.map(&percent).collect(),
                text: match figure.ratio {
                    None => figure.short.clone(),
                    Some(ratio) => format!("{}, {}×", figure.short, significant(ratio.median)),
                },
            });
        }
    }
    let picture = Picture {
        title: &table.plot.title,
        reference: &table.reference,
        asks: judged.iter().any(|bar| bar.at.is_some()),
        left,
        width: 600 - left,
        height: HEAD + ROW * rows.len() + 8,
        rows,
    };
    Ok(picture.render()? + "\n")
}

/// What a figure is of the most that is shown of a metric, in percent; nothing is below nothing.
fn scale(group: &Group<'_>, judged: &[&Judged<'_>]) -> impl Fn(f64) -> String {
    let spreads = group.figures.iter().filter_map(|figure| figure.spread);
    let all = spreads.map(|spread| spread.high);
    let most = all
        .chain(judged.iter().filter_map(|bar| bar.at))
        .fold(0.0, f64::max);
    move |figure| format!("{:.1}%", (100.0 * figure / most).max(0.0))
}
