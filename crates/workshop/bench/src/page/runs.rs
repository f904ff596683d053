//! The figures of a run, as `--write` left them.

use std::path::Path;

use super::quantity::Unit;
use crate::error::Error;

/// A run's figures.
pub(crate) struct Run {
    /// What it says of the machine and of itself.
    pub(crate) about: Vec<String>,
    rows: Vec<Row>,
}

/// `unit` is why there is no figure where there is none.
#[derive(serde::Deserialize)]
struct Row {
    round: u32,
    contender: String,
    metric: String,
    unit: String,
    value: Option<f64>,
}

impl Run {
    /// Reads a file of figures.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::at(path))?;
        Self::parse(&text).map_err(|source| Error::Figures {
            path: path.to_owned(),
            source,
        })
    }

    /// The same of its text.
    pub(crate) fn parse(text: &str) -> Result<Self, csv::Error> {
        let about = text
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .map(|line| line.trim().to_owned())
            .collect();
        let rows = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(text.as_bytes())
            .deserialize()
            .collect::<Result<_, _>>()?;
        Ok(Self { about, rows })
    }

    /// The revision that was measured.
    pub(crate) fn commit(&self) -> &str {
        self.about
            .iter()
            .find_map(|line| line.strip_prefix("commit: "))
            .unwrap_or("unknown")
    }

    /// How often all was measured.
    pub(crate) fn rounds(&self) -> u32 {
        self.rows.iter().map(|row| row.round).max().unwrap_or(0)
    }

    /// What there are figures of, in the order in which they came.
    pub(crate) fn metrics(&self) -> Vec<&str> {
        distinct(
            self.rows
                .iter()
                .map(|row| row.metric.as_str())
                .filter(|metric| !metric.is_empty()),
        )
    }

    /// Who there is a line of.
    pub(crate) fn everybody(&self) -> Vec<&str> {
        distinct(self.rows.iter().map(|row| row.contender.as_str()))
    }

    /// Who has a figure, or is said to have none, of this.
    pub(crate) fn contenders(&self, metric: &str) -> Vec<&str> {
        distinct(
            self.rows
                .iter()
                .filter(|row| row.metric == metric)
                .map(|row| row.contender.as_str()),
        )
    }

    /// In what a metric is measured.
    pub(crate) fn unit(&self, metric: &str) -> Option<Unit> {
        self.rows
            .iter()
            .find(|row| row.metric == metric && row.value.is_some())
            .map(|row| Unit::of(&row.unit).0)
    }

    /// The figures by round, in bytes, seconds or whatever the unit is the least of.
    pub(crate) fn figures(&self, contender: &str, metric: &str) -> Vec<(u32, f64)> {
        self.rows
            .iter()
            .filter(|row| row.contender == contender && row.metric == metric)
            .filter_map(|row| Some((row.round, row.value? * Unit::of(&row.unit).1)))
            .collect()
    }

    /// Why there is no figure, if that is said of this metric or of the contender.
    pub(crate) fn why_not(&self, contender: &str, metric: &str) -> Option<&str> {
        self.rows
            .iter()
            .rfind(|row| {
                row.value.is_none()
                    && row.contender == contender
                    && (row.metric == metric || row.metric.is_empty())
            })
            .map(|row| row.unit.as_str())
    }

    /// All that is said to be missing: who, what and why, and in how many rounds.
    pub(crate) fn missing(&self) -> Vec<([&str; 3], usize)> {
        let all: Vec<[&str; 3]> = self
            .rows
            .iter()
            .filter(|row| row.value.is_none())
            .map(|row| [&row.contender, &row.metric, &row.unit].map(String::as_str))
            .collect();
        let rounds = |one| all.iter().filter(|other| **other == one).count();
        distinct(all.iter().copied())
            .into_iter()
            .map(|one| (one, rounds(one)))
            .collect()
    }
}

/// Each once, where it came first.
pub(crate) fn distinct<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# commit: abc\n# processor: a, cores: 2\n\
        round,contender,metric,unit,value\n\
        1,own,start,ms,2.500\n1,own,memory,KiB,2.000\n1,go,,absent,\n\
        2,own,start,failed,\n2,go,,absent,\n";

    #[test]
    fn figures_come_with_what_is_said_of_them() -> Result<(), csv::Error> {
        let run = Run::parse(TEXT)?;
        assert_eq!((run.commit(), run.rounds()), ("abc", 2));
        assert_eq!(run.metrics(), ["start", "memory"]);
        assert_eq!(run.figures("own", "start"), [(1, 0.0025)]);
        assert_eq!(run.figures("own", "memory"), [(1, 2048.0)]);
        assert_eq!(run.unit("memory"), Some(Unit::Bytes));
        Ok(())
    }

    #[test]
    fn what_is_missing_is_not_lost() -> Result<(), csv::Error> {
        let run = Run::parse(TEXT)?;
        assert_eq!(run.why_not("go", "start"), Some("absent"));
        assert_eq!(run.why_not("own", "start"), Some("failed"));
        assert_eq!(run.why_not("own", "memory"), None);
        assert_eq!(
            run.missing(),
            [(["go", "", "absent"], 2), (["own", "start", "failed"], 1)]
        );
        Ok(())
    }

    #[test]
    fn a_line_that_is_no_figure_is_named() {
        let error = Run::parse(&TEXT.replace("2.500", "2,5")).err();
        let said = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("line: 4"), "{said}");
    }
}
