//! What is asked of the figures, and whether it is so.

use anyhow::{Context as _, Result, bail, ensure};

use super::plots::{Bar, Plot};
use crate::figures::{Run, Spread, ratios, values};
use crate::quantity::Unit;

/// A bar, held against a run.
pub(crate) struct Judged<'a> {
    pub(crate) plot: &'a Plot,
    pub(crate) bar: &'a Bar,
    /// As it is written: `≤ 5 ms`, `≥ 1× of actix-web`.
    pub(crate) asked: String,
    /// Where it is among the figures, if that is known.
    pub(crate) at: Option<f64>,
    /// The amount or the ratio that was measured, with its spread.
    pub(crate) seen: String,
    /// Whether the median meets it, in how many rounds it is met, and of how many; `None`
    /// where nothing was measured.
    met: Option<(bool, usize, usize)>,
}

impl<'a> Judged<'a> {
    /// Holds a bar of a plot against the figures.
    pub(crate) fn new(plot: &'a Plot, bar: &'a Bar, run: &Run) -> Result<Self> {
        ensure!(plot.wants(&bar.metric), "that metric is not in the plot");
        let own = run.figures(&bar.contender, &bar.metric);
        let (value, asked) = bar.limit.value();
        let (asked, at, found, unit) = match (&bar.of, &bar.unit) {
            (Some(of), None) => {
                let (contender, metric) = of.or(&bar.contender, &bar.metric);
                let base = run.figures(contender, metric);
                let at = Spread::of(&values(&base)).map(|base| base.median * value);
                let asked = format!("{asked}× of {}", of.name());
                (asked, at, ratios(&own, &base), None)
            }
            (None, Some(name)) => {
                let (unit, factor) = Unit::of(name).context("there is no such unit")?;
                let measured = run.unit(&bar.metric).unwrap_or(unit);
                ensure!(measured == unit, "it is not measured in '{name}'");
                let found = own.iter().map(|(_, figure)| figure / factor).collect();
                let asked = format!("{asked}\u{a0}{name}");
                (asked, Some(value * factor), found, Some((unit, factor)))
            }
            _ => bail!("it needs either `of` or `unit`"),
        };
        let seen = Spread::of(&found);
        let rounds = found.iter().filter(|it| bar.limit.allows(**it)).count();
        Ok(Self {
            plot,
            bar,
            asked,
            at,
            seen: seen.map_or_else(String::new, |seen| match unit {
                Some((unit, factor)) => seen.times(factor).amount(unit),
                None => seen.ratio(),
            }),
            met: seen.map(|seen| (bar.limit.allows(seen.median), rounds, found.len())),
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
        self.bar.because.as_deref().filter(|_| missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(bar: &str) -> Result<(String, String, String, Option<f64>)> {
        let run = Run::parse(
            "round,contender,metric,unit,value\n\
             1,own,start,ms,4\n1,own,rate,1/s,90\n1,other,rate,1/s,100\n\
             2,own,start,ms,6\n2,own,rate,1/s,50\n2,other,rate,1/s,50\n\
             3,own,start,ms,4\n3,own,rate,1/s,99\n",
        )?;
        let plot: Plot = toml::from_str("title = 'A'\nmetrics = ['start', 'rate']")?;
        let bar: Bar = toml::from_str(bar)?;
        let judged = Judged::new(&plot, &bar, &run)?;
        let because = judged.because().unwrap_or_default();
        let verdict = format!("{}{because}", judged.verdict());
        Ok((judged.asked, judged.seen, verdict, judged.at))
    }

    #[test]
    fn an_amount_is_held_against_the_median() -> Result<()> {
        let (asked, seen, verdict, _) =
            judged("contender = 'own'\nmetric = 'start'\nunit = 'ms'\nlimit = { most = 5 }")?;
        assert_eq!(asked, "≤ 5\u{a0}ms");
        assert_eq!(seen, "4.00\u{a0}ms (4.00 to 6.00)");
        assert_eq!(verdict, "met (in 2 of 3 rounds)");
        Ok(())
    }

    #[test]
    fn a_ratio_is_of_each_round_that_has_both() -> Result<()> {
        let (asked, seen, verdict, at) = judged(
            "contender = 'own'\nmetric = 'rate'\nof = { contender = 'other' }\n\
             limit = { least = 1 }\nbecause = ': so.'",
        )?;
        assert_eq!(asked, "≥ 1× of other");
        assert_eq!(seen, "0.950× (0.900 to 1.00)");
        assert_eq!(verdict, "**not met** (in 1 of 2 rounds): so.");
        assert_eq!(at, Some(75.0));
        Ok(())
    }

    #[test]
    fn without_figures_nothing_is_met() -> Result<()> {
        let (_, _, verdict, _) =
            judged("contender = 'no'\nmetric = 'rate'\nunit = '1/s'\nlimit = { least = 1 }")?;
        assert_eq!(verdict, "not measured");
        Ok(())
    }

    #[test]
    fn a_bar_that_says_nothing_is_refused() {
        for (bar, wanted) in [
            ("metric = 'rate'", "either `of` or `unit`"),
            ("metric = 'size'\nunit = 'B'", "not in the plot"),
            ("metric = 'rate'\nunit = 's'", "not measured in 's'"),
        ] {
            let bar = format!("contender = 'own'\nlimit = {{ most = 1 }}\n{bar}");
            let said = judged(&bar).err().map(|error| error.to_string());
            assert!(said.is_some_and(|said| said.contains(wanted)), "{bar}");
        }
    }
}
