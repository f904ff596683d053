//! A plot as a picture: bars side by side, and how far the rounds lie apart.

use askama::Template;

use super::quantity::{Unit, significant};
use super::scale::Scale;
use super::{Figure, Group, Judged};
use crate::error::Error;

const WIDTH: f64 = 760.0;
/// From row to row, and a line of text above them.
const ROW: f64 = 22.0;
const LINE: f64 = 16.0;
/// Above the first group, and below the last for the marks' figures.
const HEAD: f64 = 46.0;
const FOOT: f64 = 26.0;
const MARGIN: f64 = 12.0;
/// What a letter takes at most, since text cannot be measured here.
const LETTER: f64 = 7.2;
/// Room for the figures on the right.
const FIGURES: f64 = 160.0;

#[derive(Template)]
#[template(path = "plot.svg")]
struct Picture<'a> {
    width: String,
    height: String,
    title: &'a str,
    description: &'a str,
    subtitle: String,
    marks: Vec<Mark>,
    headings: Vec<Label>,
    rows: Vec<Row>,
    limits: Vec<LimitLine>,
    margin: String,
    top: String,
    bottom: String,
    figures: String,
}

struct Mark {
    x: String,
    y: String,
    text: String,
}

struct Label {
    y: String,
    text: String,
}

struct Row {
    ours: bool,
    name: String,
    /// Where its text, and its bar begin.
    text_y: String,
    bar_x: String,
    bar_y: String,
    /// Absent where there is no figure.
    bar: Option<Extent>,
    text: String,
}

struct Extent {
    width: String,
    low: String,
    high: String,
    /// Where the line between those is.
    y: String,
}

struct LimitLine {
    x: String,
    top: String,
    bottom: String,
    text_x: String,
    text_y: String,
    anchor: &'static str,
    text: String,
}

/// The picture of a plot.
pub(crate) fn picture(
    title: &str,
    unit: &Unit,
    groups: &[Group],
    judged: &[Judged],
) -> Result<String, Error> {
    let figures = || groups.iter().flat_map(|group| &group.figures);
    let shown: Vec<f64> = figures()
        .filter_map(|figure| figure.spread.as_ref().ok())
        .flat_map(|spread| [spread.low, spread.median, spread.high])
        .chain(judged.iter().filter_map(|bar| bar.at))
        .collect();
    let scale = Scale::of(&shown);
    let names = figures().map(|figure| figure.contender.chars().count());
    let letters = u32::try_from(names.max().unwrap_or(0)).unwrap_or(u32::MAX);
    let left = 2.0 * MARGIN + LETTER * f64::from(letters);
    let right = WIDTH - FIGURES;
    let x = |figure| left + (right - left) * scale.position(figure);

    let (mut headings, mut rows, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    let mut y = HEAD;
    for group in groups {
        if groups.len() > 1 {
            headings.push(Label {
                y: number(y + 12.0),
                text: group.label.clone(),
            });
            y += LINE + 2.0;
        }
        let of_group: Vec<(&Judged, f64)> = judged
            .iter()
            .filter(|bar| bar.metric == group.metric)
            .filter_map(|bar| Some((bar, x(bar.at?))))
            .collect();
        let labels = y;
        for _ in &of_group {
            y += LINE;
        }
        let top = y;
        for figure in &group.figures {
            rows.push(row(figure, unit, left, y, x));
            y += ROW;
        }
        for (index, (bar, x)) in of_group.into_iter().enumerate() {
            let label = labels + LINE * f64::from(u32::try_from(index).unwrap_or(0));
            // One that is of the contender's own figures says nothing of the others.
            let own = group
                .figures
                .iter()
                .position(|figure| bar.of_itself && figure.contender == bar.contender);
            let bottom = own.map_or(y, |row| {
                top + ROW * f64::from(u32::try_from(row + 1).unwrap_or(0))
            });
            let flipped = x > f64::midpoint(left, right);
            limits.push(LimitLine {
                x: number(x),
                top: number(label + 3.0),
                bottom: number(bottom - 2.0),
                text_x: number(if flipped { x - 4.0 } else { x + 4.0 }),
                text_y: number(label + 12.0),
                anchor: if flipped { "end" } else { "start" },
                text: bar.limit.clone(),
            });
        }
        y += 6.0;
    }
    let marks = scale.marks();
    let last = marks.last().copied().unwrap_or(0.0);
    let marks = marks
        .into_iter()
        .map(|figure| Mark {
            x: number(x(figure)),
            y: number(y + 15.0),
            text: match scale {
                Scale::Linear { .. } => unit.short(figure, last),
                Scale::Logarithmic { .. } => unit.short(figure, figure),
            },
        })
        .collect();
    let subtitle = format!(
        "Medians; lines from the least to the most of the rounds{}.",
        match scale {
            Scale::Linear { .. } => "",
            Scale::Logarithmic { .. } => "; logarithmic",
        }
    );
    let picture = Picture {
        width: number(WIDTH),
        height: number(y + FOOT),
        title,
        description: &description(unit, groups, judged),
        subtitle,
        marks,
        headings,
        rows,
        limits,
        margin: number(MARGIN),
        top: number(HEAD),
        bottom: number(y),
        figures: number(right + MARGIN),
    };
    let mut text = picture.render()?;
    text.push('\n');
    Ok(text)
}

fn row(figure: &Figure, unit: &Unit, left: f64, y: f64, x: impl Fn(f64) -> f64) -> Row {
    let bar = figure.spread.as_ref().ok().map(|spread| Extent {
        width: number(x(spread.median) - left),
        low: number(x(spread.low)),
        high: number(x(spread.high)),
        y: number(y + ROW / 2.0),
    });
    let text = match (&figure.spread, &figure.ratio) {
        (Err(why), _) => why.clone(),
        (Ok(spread), None) => unit.written(spread.median),
        (Ok(spread), Some(ratio)) => format!(
            "{}, {}×",
            unit.written(spread.median),
            significant(ratio.median)
        ),
    };
    Row {
        ours: figure.ours,
        name: figure.contender.clone(),
        text_y: number(y + ROW / 2.0 + 4.0),
        bar_x: number(left),
        bar_y: number(y + 4.0),
        bar,
        text,
    }
}

/// The picture in words.
fn description(unit: &Unit, groups: &[Group], judged: &[Judged]) -> String {
    let mut sentences = Vec::new();
    for group in groups {
        let figures: Vec<String> = group
            .figures
            .iter()
            .map(|figure| match &figure.spread {
                Ok(spread) => format!("{} {}", figure.contender, unit.written(spread.median)),
                Err(why) => format!("{} {why}", figure.contender),
            })
            .collect();
        sentences.push(format!("{}: {}.", group.label, figures.join(", ")));
    }
    for bar in judged {
        sentences.push(format!("Asked of {}: {}.", bar.contender, bar.limit));
    }
    sentences.join(" ")
}

/// Tenths are finer than what is seen.
fn number(figure: f64) -> String {
    let text = format!("{figure:.1}");
    text.strip_suffix(".0")
        .map(ToOwned::to_owned)
        .unwrap_or(text)
}
