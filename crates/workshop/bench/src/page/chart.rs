//! A plot as a picture: bars side by side, and how far the rounds lie apart.

use askama::Template;

use super::plots::Plot;
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
    text_y: String,
    bar_x: String,
    bar_y: String,
    /// `None` where there is no figure.
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
    plot: &Plot,
    reference: Option<&str>,
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
    let scale = Scale::of(&shown, plot.logarithmic);
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
        let mut label = y;
        y += LINE * of_group.iter().map(|_| 1.0).sum::<f64>();
        let mut ends = Vec::new();
        for figure in &group.figures {
            rows.push(row(figure, unit, left, y, x));
            y += ROW;
            ends.push((&figure.contender, y));
        }
        for (bar, x) in of_group {
            // One that is of the contender's own figures says nothing of the others.
            let end = ends
                .iter()
                .find(|(contender, _)| bar.of_itself && **contender == bar.contender);
            let bottom = end.map_or(y, |(_, end)| *end);
            limits.push(limit(bar, x, label, bottom, x > f64::midpoint(left, right)));
            label += LINE;
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
    let mut subtitle = "Medians; lines from the least to the most of the rounds".to_owned();
    if let Scale::Logarithmic { .. } = scale {
        subtitle += "; logarithmic";
    }
    if let Some(reference) = reference {
        subtitle += "; × of ";
        subtitle += reference;
    }
    let picture = Picture {
        width: number(WIDTH),
        height: number(y + FOOT),
        title: &plot.title,
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

/// A bar across its rows, with its label above them, on the left of it if it is `flipped`.
fn limit(bar: &Judged, x: f64, top: f64, bottom: f64, flipped: bool) -> LimitLine {
    let (anchor, beside) = if flipped {
        ("end", -4.0)
    } else {
        ("start", 4.0)
    };
    LimitLine {
        x: number(x),
        top: number(top + 3.0),
        bottom: number(bottom - 2.0),
        text_x: number(x + beside),
        text_y: number(top + 12.0),
        anchor,
        text: bar.limit.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::spread;

    fn group(figures: &[(&str, &[f64])]) -> Group {
        Group {
            metric: "rate".to_owned(),
            label: "rate".to_owned(),
            figures: figures
                .iter()
                .map(|(contender, figures)| Figure {
                    contender: (*contender).to_owned(),
                    ours: false,
                    spread: spread(figures).ok_or_else(|| "absent".to_owned()),
                    ratio: None,
                })
                .collect(),
        }
    }

    fn titled(title: &str) -> Plot {
        Plot {
            name: String::new(),
            title: title.to_owned(),
            text: Vec::new(),
            metrics: Vec::new(),
            contenders: None,
            reference: None,
            logarithmic: None,
            bar: Vec::new(),
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_median() -> Result<(), Error> {
        let groups = [group(&[
            ("a", &[50.0]),
            ("b", &[80.0, 90.0, 100.0]),
            ("c", &[]),
        ])];
        let picture = picture(&titled("T"), None, &Unit::Count, &groups, &[])?;
        // From 31.2 to 600 the axis is 568.8 long, for 100.
        for wanted in [
            r#"width="284.4""#,
            r#"width="511.9""#,
            "M486.2 79H600",
            ">absent</text>",
            "<desc id=\"description\">rate: a 50.0, b 90.0, c absent.</desc>",
        ] {
            assert!(picture.contains(wanted), "{wanted} is not in {picture}");
        }
        assert_eq!(picture.matches(r#"class="bar""#).count(), 2);
        Ok(())
    }

    #[test]
    fn names_cannot_end_an_element() -> Result<(), Error> {
        let groups = [group(&[("</svg><script>\"&", &[1.0])])];
        let picture = picture(&titled("<b>"), Some("<i>"), &Unit::Count, &groups, &[])?;
        for wrong in ["<script", "<b>", "<i>"] {
            assert!(!picture.contains(wrong), "{wrong} is in {picture}");
        }
        assert_eq!(picture.matches("</svg>").count(), 1);
        Ok(())
    }
}
