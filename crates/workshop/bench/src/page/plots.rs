//! What the page shows, and what is asked of it: bench/plots.toml.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::figures::{Run, distinct};

/// The whole of plots.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plots {
    /// Contenders that stand out in the pictures.
    pub(crate) ours: Vec<String>,
    /// What metrics are called; one that is not among them, by its own name.
    pub(crate) metrics: BTreeMap<String, String>,
    /// By the file that they are of.
    pub(crate) run: Vec<RunPlots>,
}

/// The plots of a run.
#[derive(Deserialize)]
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
    contenders: Vec<String>,
    /// In this order.
    pub(crate) plot: Vec<Plot>,
}

/// One table, and perhaps a picture of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plot {
    /// The picture's name, if there is one.
    pub(crate) picture: Option<String>,
    /// The heading.
    pub(crate) title: String,
    /// Sentences.
    #[serde(default)]
    pub(crate) text: Vec<String>,
    /// What is shown; one that ends in `*` is all that begin so.
    metrics: Vec<String>,
    /// Who is looked for, in this order; whoever else has such figures comes after them.
    contenders: Option<Vec<String>>,
    /// What the ratios in the table are of.
    pub(crate) reference: Option<Of>,
    /// What is asked of it.
    #[serde(default)]
    pub(crate) bar: Vec<Bar>,
}

/// Other figures: a contender's, a metric's, or both; what is not said is the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    pub(crate) contender: Option<String>,
    metric: Option<String>,
}

/// What is asked of a figure: a ratio to another, or an amount.
#[derive(Deserialize)]
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
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Limit {
    /// That or more.
    Least(f64),
    /// That or less.
    Most(f64),
}

impl RunPlots {
    /// Whose figures of a metric a plot shows.
    pub(crate) fn contenders<'a>(
        &'a self,
        plot: &'a Plot,
        run: &'a Run,
        metric: &str,
    ) -> Vec<&'a str> {
        let wanted = plot.contenders.as_ref().unwrap_or(&self.contenders);
        let all = wanted.iter().map(String::as_str);
        distinct(all.chain(run.contenders(Some(metric))))
    }
}

impl Plot {
    /// Whether a metric is among what is shown.
    pub(crate) fn wants(&self, metric: &str) -> bool {
        self.metrics.iter().any(|wanted| matches(wanted, metric))
    }

    /// What the run has of what is wanted.
    pub(crate) fn metrics<'a>(&self, run: &'a Run) -> Vec<&'a str> {
        let found = run.metrics();
        let of = |wanted: &'_ String| -> Vec<&'a str> {
            let found = found.iter().copied();
            found.filter(|metric| matches(wanted, metric)).collect()
        };
        distinct(self.metrics.iter().flat_map(of))
    }
}

impl Of {
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
    /// The number, and how it is written.
    pub(crate) fn value(self) -> (f64, String) {
        match self {
            Self::Least(value) => (value, format!("≥ {value}")),
            Self::Most(value) => (value, format!("≤ {value}")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_end() {
        assert!(matches("memory-*", "memory-10"));
        assert!(!matches("memory-*", "memory"));
        assert!(matches("memory", "memory"));
        assert!(!matches("memory", "memory-10"));
    }
}
