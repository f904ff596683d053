//! What is asked of the figures, and whether it is so.

use super::plots::{Bar, Of, Plot, wrong};
use super::quantity::{Unit, short, significant};
use super::runs::Run;
use crate::error::Error;
use crate::statistics::{Spread, ratios, spread, values};

/// A bar, held against a run.
pub(crate) struct Judged {
    /// The plot's.
    pub(crate) title: String,
    /// Whose figure.
    pub(crate) contender: String,
    /// Of what.
    pub(crate) metric: String,
    /// As it is written: `≤ 5 ms`, `≥ 1× of actix-web`.
    pub(crate) limit: String,
    /// Whether it is a ratio to another figure of the same contender.
    pub(crate) of_itself: bool,
    /// Where it is among the figures, if that is known.
    pub(crate) at: Option<f64>,
    /// The amount or the ratio that was measured, with its spread.
    pub(crate) seen: String,
    /// Whether the median meets it, in how many rounds it is met, and of how many; `None`
    /// where nothing was measured.
    met: Option<(bool, usize, usize)>,
    because: Option<String>,
}

impl Judged {
    /// Holds a bar of a plot against the figures, if there are any.
    pub(crate) fn new(plot: &Plot, bar: &Bar, run: Option<&Run>) -> Result<Self, Error> {
        let refuse = |what: &str| wrong(&plot.name, format!("its bar of {}: {what}", bar.metric));
        if !plot.wants(&bar.metric) {
            return Err(refuse("that metric is not in the plot"));
        }
        let figures = |contender: &str, metric: &str| {
            run.map_or_else(Vec::new, |run| run.figures(contender, metric))
        };
        let own = figures(&bar.contender, &bar.metric);
        let value = bar.limit.value();
        let (asked, limit, at, found) = match (&bar.of, &bar.unit) {
            (Some(of), None) => {
                let (contender, metric) = of.or(&bar.contender, &bar.metric);
                let base = figures(contender, metric);
                let at = spread(&values(&base)).map(|base| base.median * value);
                let asked = format!("{}× of {}", short(value), of.name());
                (asked, bar.limit, at, ratios(&own, &base))
            }
            (None, Some(name)) => {
                let (unit, factor) = Unit::of(name);
                let measured = run.and_then(|run| run.unit(&bar.metric));
                if measured.is_some_and(|measured| measured != unit) {
                    return Err(refuse(&format!("it is not measured in '{name}'")));
                }
                let limit = bar.limit.times(factor);
                let asked = unit.short(limit.value(), limit.value());
                (asked, limit, Some(limit.value()), values(&own))
            }
            _ => return Err(refuse("it needs either `of` or `unit`")),
        };
        let unit = bar.unit.as_deref().map(|name| Unit::of(name).0);
        let seen = spread(&found);
        let rounds = found.iter().filter(|it| limit.allows(**it)).count();
        Ok(Self {
            title: plot.title.clone(),
            contender: bar.contender.clone(),
            metric: bar.metric.clone(),
            limit: format!("{} {asked}", limit.sign()),
            of_itself: bar.of.as_ref().is_some_and(Of::is_of_itself),
            at,
            seen: seen.map_or_else(String::new, |seen| match unit {
                Some(unit) => amount(&unit, seen),
                None => ratio(seen),
            }),
            met: seen.map(|seen| (limit.allows(seen.median), rounds, found.len())),
            because: bar.because.clone(),
        })
    }

    /// Whether the median meets it.
    pub(crate) fn is_met(&self) -> bool {
        self.met.is_some_and(|(met, _, _)| met)
    }

    /// In words, for the table.
    pub(crate) fn verdict(&self) -> String {
        match self.met {
            None => "not measured".to_owned(),
            Some((met, rounds, of)) => {
                let verdict = if met { "met" } else { "**not met**" };
                format!("{verdict} (in {rounds} of {of} rounds)")
            }
        }
    }

    /// What holds it back, where it is not met.
    pub(crate) fn because(&self) -> Option<&str> {
        let missed = self.met.is_some_and(|(met, _, _)| !met);
        self.because.as_deref().filter(|_| missed)
    }
}

/// An amount with its spread.
pub(crate) fn amount(unit: &Unit, spread: Spread) -> String {
    format!(
        "{} ({})",
        unit.written(spread.median),
        unit.range(spread.low, spread.high, spread.median)
    )
}

/// A ratio with its spread.
pub(crate) fn ratio(spread: Spread) -> String {
    format!(
        "{}× ({} to {})",
        significant(spread.median),
        significant(spread.low),
        significant(spread.high)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(bar: &str) -> Result<Judged, String> {
        let run = Run::parse(
            "round,contender,metric,unit,value\n\
             1,own,start,ms,4\n1,own,rate,1/s,90\n1,other,rate,1/s,100\n\
             2,own,start,ms,6\n2,own,rate,1/s,50\n2,other,rate,1/s,50\n\
             3,own,start,ms,4\n3,own,rate,1/s,99\n",
        )
        .map_err(|error| error.to_string())?;
        let plot: Plot =
            toml::from_str("name = 'a'\ntitle = 'A'\nmetrics = ['start', 'rate']\nreference = {}")
                .map_err(|error| error.to_string())?;
        let bar: Bar = toml::from_str(bar).map_err(|error| error.to_string())?;
        Judged::new(&plot, &bar, Some(&run)).map_err(|error| error.to_string())
    }

    #[test]
    fn an_amount_is_held_against_the_median() -> Result<(), String> {
        let bar = judged("contender = 'own'\nmetric = 'start'\nunit = 'ms'\nlimit = { most = 5 }")?;
        assert_eq!(bar.limit, "≤ 5\u{a0}ms");
        assert_eq!(bar.seen, "4.00\u{a0}ms (4.00 to 6.00)");
        assert_eq!(bar.verdict(), "met (in 2 of 3 rounds)");
        Ok(())
    }

    #[test]
    fn a_ratio_is_of_each_round_that_has_both() -> Result<(), String> {
        let bar = judged(
            "contender = 'own'\nmetric = 'rate'\nof = { contender = 'other' }\n\
             limit = { least = 1 }\nbecause = 'So.'",
        )?;
        assert_eq!(bar.limit, "≥ 1× of other");
        assert_eq!(bar.seen, "0.950× (0.900 to 1.00)");
        assert_eq!(bar.verdict(), "**not met** (in 1 of 2 rounds)");
        assert_eq!((bar.at, bar.because()), (Some(75.0), Some("So.")));
        Ok(())
    }

    #[test]
    fn without_figures_nothing_is_met() -> Result<(), String> {
        let bar = judged("contender = 'no'\nmetric = 'rate'\nunit = '1/s'\nlimit = { least = 1 }")?;
        assert_eq!(
            (bar.verdict().as_str(), bar.is_met()),
            ("not measured", false)
        );
        Ok(())
    }

    #[test]
    fn a_bar_that_says_nothing_is_refused() {
        let said = |bar| judged(bar).err().unwrap_or_default();
        let neither = said("contender = 'own'\nmetric = 'rate'\nlimit = { least = 1 }");
        assert!(neither.contains("either `of` or `unit`"), "{neither}");
        let other = said("contender = 'own'\nmetric = 'size'\nunit = 'B'\nlimit = { most = 1 }");
        assert!(other.contains("not in the plot"), "{other}");
        let unit = said("contender = 'own'\nmetric = 'rate'\nunit = 's'\nlimit = { most = 1 }");
        assert!(unit.contains("not measured in 's'"), "{unit}");
    }
}
