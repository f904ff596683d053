//! The figures: rows as they come, and at the end what they say together.

use std::fmt::{self, Display};
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use fs_err::{self as fs, File};

/// One figure.
struct Row {
    round: u32,
    contender: String,
    metric: String,
    unit: &'static str,
    value: f64,
}

/// All figures so far; each goes to standard output, and to a file if there is one.
pub(crate) struct Results {
    rows: Vec<Row>,
    file: Option<File>,
}

impl Results {
    /// With a head of comments: the figures are this machine's. A file that is there already is
    /// left alone.
    pub(crate) fn new(path: Option<&Path>, commit: &str, about: &str) -> Result<Self> {
        if let Some(folder) = path.and_then(Path::parent) {
            fs::create_dir_all(folder)?;
        }
        let mut results = Self {
            rows: Vec::new(),
            file: path.map(File::create_new).transpose()?,
        };
        let line = |path: &str, name: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or("").trim_matches([' ', '\t', ':']).to_owned()
        };
        let cores = std::thread::available_parallelism()?;
        let processor = line("/proc/cpuinfo", "model name");
        for text in [
            format!("commit: {commit}"),
            format!("processor: {processor}, cores: {cores}"),
            format!("memory: {}", line("/proc/meminfo", "MemTotal")),
            format!("kernel: {}", line("/proc/sys/kernel/osrelease", "")),
            format!("load before: {}", line("/proc/loadavg", "")),
            about.to_owned(),
        ] {
            results.line(format_args!("# {text}"))?;
        }
        results.line("round,contender,metric,unit,value")?;
        Ok(results)
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<()> {
        println!("{line}");
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}")?;
        }
        Ok(())
    }

    /// A figure.
    pub(crate) fn row(
        &mut self,
        round: u32,
        contender: &str,
        metric: &str,
        unit: &'static str,
        value: f64,
    ) -> Result<()> {
        self.line(format_args!(
            "{round},{contender},{metric},{unit},{value:.3}"
        ))?;
        self.rows.push(Row {
            round,
            contender: contender.to_owned(),
            metric: metric.to_owned(),
            unit,
            value,
        });
        Ok(())
    }

    /// That there is none, and whether it could not be had or went wrong.
    pub(crate) fn missing(
        &mut self,
        round: u32,
        contender: &str,
        metric: &str,
        why: &str,
    ) -> Result<()> {
        self.line(format_args!("{round},{contender},{metric},{why},"))
    }

    /// For each metric and contender the median, and the ratio to the contender that
    /// `reference` names for it.
    pub(crate) fn summary(&self, reference: impl Fn(&str) -> &'static str) -> Vec<String> {
        let mut seen = Vec::new();
        let mut lines = Vec::new();
        for row in &self.rows {
            let key = (&row.metric, &row.contender);
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let own = self.of(&row.metric, &row.contender);
            let values: Vec<f64> = own.iter().map(|(_, value)| *value).collect();
            let Some(figures) = Spread::of(&values) else {
                continue;
            };
            let other = reference(&row.contender);
            let ratio = Spread::of(&ratios(&own, &self.of(&row.metric, other)))
                .filter(|_| other != row.contender)
                .map_or_else(String::new, |ratio| format!("  {ratio:.2} of {other}"));
            lines.push(format!(
                "{:24} {:18} {figures:.1} {}{ratio}",
                row.metric, row.contender, row.unit
            ));
        }
        lines.sort();
        lines
    }

    fn of(&self, metric: &str, contender: &str) -> Vec<(u32, f64)> {
        self.rows
            .iter()
            .filter(|row| row.metric == metric && row.contender == contender)
            .map(|row| (row.round, row.value))
            .collect()
    }
}

/// The middle of some figures, and how far they lie apart.
#[derive(Debug, PartialEq)]
struct Spread {
    median: f64,
    low: f64,
    high: f64,
}

impl Spread {
    /// `None` of no figures.
    fn of(figures: &[f64]) -> Option<Self> {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let (below, above) = ((sorted.len() - 1) / 2, sorted.len() / 2);
        let median = f64::midpoint(sorted[below], sorted[above]);
        Some(Self { median, low, high })
    }
}

impl Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = formatter.precision().unwrap_or(1);
        let Self { median, low, high } = self;
        write!(
            formatter,
            "{median:.digits$} ({low:.digits$} to {high:.digits$})"
        )
    }
}

/// What some are of others: of each round by itself, since a round's figures share what else
/// the machine did.
fn ratios(own: &[(u32, f64)], base: &[(u32, f64)]) -> Vec<f64> {
    base.iter()
        .filter_map(|(round, base)| {
            let (_, value) = own.iter().find(|(of, _)| of == round)?;
            (*base > 0.0).then(|| value / base)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_same_round() -> Result<()> {
        let mut results = Results::new(None, "", "")?;
        for (round, own, base) in [(1, 50.0, 100.0), (2, 5.0, 10.0)] {
            results.row(round, "own", "requests", "1/s", own)?;
            results.row(round, "base", "requests", "1/s", base)?;
        }
        results.missing(3, "own", "requests", "failed")?;
        let lines = results.summary(|_| "base");
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("55.0 (10.0 to 100.0) 1/s"), "{lines:?}");
        assert!(
            lines[1].ends_with("0.50 (0.50 to 0.50) of base"),
            "{lines:?}"
        );
        Ok(())
    }

    #[test]
    fn ratios_are_of_rounds_that_have_both() {
        let own = [(1, 5.0), (2, 8.0), (4, 1.0)];
        let base = [(2, 4.0), (1, 10.0), (3, 1.0), (4, 0.0)];
        assert_eq!(ratios(&own, &base), [2.0, 0.5]);
    }

    #[test]
    fn a_file_of_results_is_not_overwritten() -> Result<()> {
        let folder = tempfile::TempDir::new()?;
        let path = folder.path().join("runs/run.csv");
        Results::new(Some(&path), "", "")?.row(1, "a", "b", "c", 1.5)?;
        assert!(Results::new(Some(&path), "", "").is_err());
        assert!(fs::read_to_string(&path)?.ends_with("value\n1,a,b,c,1.500\n"));
        Ok(())
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of(&[]), None);
        let of = |figures: &[f64]| Spread::of(figures).map(|spread| spread.median);
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
