//! Which plots there are: bench/plots.toml.

use std::collections::BTreeMap;
use std::path::Path;

use super::runs::{Run, distinct};
use crate::error::Error;

/// The whole of plots.toml.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plots {
    /// What stands out in the plots.
    pub(crate) ours: Vec<String>,
    /// What metrics are called, all that begin so where there is a `*`; one that is not among
    /// them, by its own name.
    pub(crate) metrics: BTreeMap<String, String>,
    /// By the file that they are of.
    pub(crate) run: Vec<RunPlots>,
}

/// The plots of a run.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunPlots {
    /// The file's name in bench/runs, without its end.
    pub(crate) name: String,
    /// The heading.
    pub(crate) title: String,
    /// Sentences.
    pub(crate) text: Vec<String>,
    /// What measures it.
    pub(crate) command: String,
    /// What each contender is.
    #[serde(default)]
    pub(crate) about: BTreeMap<String, String>,
    /// Who is looked for in each plot that does not say so itself.
    #[serde(default)]
    pub(crate) contenders: Vec<String>,
    /// In this order.
    #[serde(default)]
    pub(crate) plot: Vec<Plot>,
}

/// One plot.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plot {
    /// The SVG file's name, without its end.
    pub(crate) name: String,
    /// The heading.
    pub(crate) title: String,
    /// Sentences.
    #[serde(default)]
    pub(crate) text: Vec<String>,
    /// What is shown; one that ends in `*` is all that begin so.
    pub(crate) metrics: Vec<String>,
    /// Who is looked for, in this order; whoever else has such figures comes after them.
    pub(crate) contenders: Option<Vec<String>>,
    /// What the ratios in the table are of.
    pub(crate) reference: Option<Of>,
    /// Whether it is by orders of magnitude, if the figures do not say so.
    pub(crate) logarithmic: Option<bool>,
    /// What is asked of it.
    #[serde(default)]
    pub(crate) bar: Vec<Bar>,
}

/// Other figures: a contender's, a metric's, or both; what is not said is the same.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// Whose.
    pub(crate) contender: Option<String>,
    /// Of what.
    pub(crate) metric: Option<String>,
}

/// What is asked of a figure: a ratio to another, or an amount.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bar {
    /// Whose figure.
    pub(crate) contender: String,
    /// Of what.
    pub(crate) metric: String,
    /// What it is a ratio of.
    pub(crate) of: Option<Of>,
    /// What it is an amount of, where it is no ratio.
    pub(crate) unit: Option<String>,
    /// How much it has to be.
    pub(crate) limit: Limit,
    /// What holds it back, if it is not met.
    pub(crate) because: Option<String>,
}

/// How much something has to be.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Limit {
    /// That or more.
    Least(f64),
    /// That or less.
    Most(f64),
}

impl Plots {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::at(path))?;
        toml::from_str(&text).map_err(|source| Error::List {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// What a metric is called; what a star stands for is in the place of the name's.
    pub(crate) fn label(&self, metric: &str) -> String {
        if let Some(name) = self.metrics.get(metric) {
            return name.clone();
        }
        self.metrics
            .iter()
            .filter_map(|(known, name)| Some((known.strip_suffix('*')?, name)))
            .find_map(|(begin, name)| Some(name.replace('*', metric.strip_prefix(begin)?)))
            .unwrap_or_else(|| metric.to_owned())
    }
}

impl RunPlots {
    /// The plots of what the run has: those that are asked for, and the rest, where metrics
    /// that differ in a number at the end are in one.
    pub(crate) fn plots(&self, run: &Run) -> Vec<Plot> {
        let mut rest = run.metrics();
        rest.retain(|metric| !self.plot.iter().any(|plot| plot.wants(metric)));
        let series = |metric: &str| {
            let begin = metric.trim_end_matches(|letter: char| letter.is_ascii_digit());
            (begin.trim_end_matches('-').to_owned(), run.unit(metric))
        };
        let all = distinct(rest.iter().map(|metric| series(metric)));
        let rest = all.into_iter().enumerate().map(|(index, one)| Plot {
            name: format!("{}-{}", self.name, index + 1),
            metrics: rest
                .iter()
                .filter(|metric| series(metric) == one)
                .map(|metric| (*metric).to_owned())
                .collect(),
            title: one.0,
            text: Vec::new(),
            contenders: Some(Vec::new()),
            reference: None,
            logarithmic: None,
            bar: Vec::new(),
        });
        self.plot.iter().cloned().chain(rest).collect()
    }
}

impl Plot {
    /// Whether a metric is among what is shown.
    pub(crate) fn wants(&self, metric: &str) -> bool {
        self.metrics.iter().any(|wanted| matches(wanted, metric))
    }

    /// What the run has of what is wanted.
    pub(crate) fn metrics_of<'a>(&'a self, run: &'a Run) -> Vec<&'a str> {
        let found = run.metrics();
        distinct(
            self.metrics
                .iter()
                .flat_map(|wanted| found.iter().filter(move |metric| matches(wanted, metric)))
                .copied(),
        )
    }

    /// Whose figures of a metric are shown.
    pub(crate) fn contenders_of<'a>(
        &'a self,
        run: &'a Run,
        of_run: &'a [String],
        metric: &str,
    ) -> Vec<&'a str> {
        let wanted = self.contenders.as_deref().unwrap_or(of_run);
        distinct(
            wanted
                .iter()
                .map(String::as_str)
                .chain(run.contenders(metric)),
        )
    }
}

impl Of {
    /// Whether it is another figure of the same contender.
    pub(crate) fn is_of_itself(&self) -> bool {
        self.contender.is_none()
    }

    /// In words.
    pub(crate) fn name(&self) -> String {
        match (&self.contender, &self.metric) {
            (Some(contender), Some(metric)) => format!("{contender}'s {metric}"),
            (Some(contender), None) => contender.clone(),
            (None, Some(metric)) => format!("its {metric}"),
            (None, None) => "itself".to_owned(),
        }
    }

    /// Whose figures of what these are, for one's own.
    pub(crate) fn or<'a>(&'a self, contender: &'a str, metric: &'a str) -> (&'a str, &'a str) {
        (
            self.contender.as_deref().unwrap_or(contender),
            self.metric.as_deref().unwrap_or(metric),
        )
    }
}

impl Limit {
    /// The number.
    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Least(value) | Self::Most(value) => value,
        }
    }

    /// As many times of it.
    pub(crate) fn times(self, factor: f64) -> Self {
        match self {
            Self::Least(value) => Self::Least(value * factor),
            Self::Most(value) => Self::Most(value * factor),
        }
    }

    /// How it is written before the number.
    pub(crate) fn sign(self) -> char {
        match self {
            Self::Least(_) => '≥',
            Self::Most(_) => '≤',
        }
    }

    /// Whether it is met.
    pub(crate) fn allows(self, figure: f64) -> bool {
        match self {
            Self::Least(least) => figure >= least,
            Self::Most(most) => figure <= most,
        }
    }
}

fn matches(wanted: &str, metric: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(begin) => metric.starts_with(begin),
        None => metric == wanted,
    }
}

/// That a plot is not stated well.
pub(crate) fn wrong(plot: &str, what: impl Into<String>) -> Error {
    Error::Plot {
        plot: plot.to_owned(),
        what: what.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_for_one_metric_or_for_all_that_begin_so() {
        let plots = Plots {
            ours: Vec::new(),
            metrics: [("cold", "from nothing"), ("cold-*", "* crates")]
                .map(|(metric, name)| (metric.to_owned(), name.to_owned()))
                .into(),
            run: Vec::new(),
        };
        assert_eq!(plots.label("cold"), "from nothing");
        assert_eq!(plots.label("cold-100"), "100 crates");
        assert_eq!(plots.label("warm"), "warm");
    }

    #[test]
    fn a_star_stands_for_any_end() {
        assert!(matches("memory-*", "memory-10"));
        assert!(!matches("memory-*", "memory"));
        assert!(matches("memory", "memory"));
        assert!(!matches("memory", "memory-10"));
    }
}
