//! The figures: rows as they come, and at the end what they say together.

use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::statistics::{Spread, ratios, spread, values};

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
    file: Option<(PathBuf, File)>,
}

impl Results {
    /// A file that is there already is left alone.
    pub(crate) fn new(path: Option<&Path>) -> Result<Self, Error> {
        let open = |path: &Path| {
            let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            let file = folder.and_then(|()| File::create_new(path));
            file.map(|file| (path.to_owned(), file))
                .map_err(|source| Error::File {
                    path: path.to_owned(),
                    source,
                })
        };
        Ok(Self {
            rows: Vec::new(),
            file: path.map(open).transpose()?,
        })
    }

    /// Comments at the head of the results: the figures are this machine's.
    pub(crate) fn describe_machine(&mut self, commit: &str) -> Result<(), Error> {
        let line = |path: &str, name: &str| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.lines()
                .find(|line| line.starts_with(name))
                .map(|line| {
                    line.trim_start_matches(name)
                        .trim_matches([' ', '\t', ':'])
                        .to_owned()
                })
                .unwrap_or_default()
        };
        let cores = std::thread::available_parallelism()?;
        for text in [
            format!("commit: {commit}"),
            format!(
                "processor: {}, cores: {cores}",
                line("/proc/cpuinfo", "model name")
            ),
            format!("memory: {}", line("/proc/meminfo", "MemTotal")),
            format!("kernel: {}", line("/proc/sys/kernel/osrelease", "")),
            format!("load before: {}", line("/proc/loadavg", "")),
        ] {
            self.line(format_args!("# {text}"))?;
        }
        Ok(())
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), Error> {
        println!("{line}");
        if let Some((path, file)) = &mut self.file {
            writeln!(file, "{line}").map_err(|source| Error::File {
                path: path.clone(),
                source,
            })?;
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
    ) -> Result<(), Error> {
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
    ) -> Result<(), Error> {
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
            let Some(figures) = spread(&values(&own)) else {
                continue;
            };
            let other = reference(&row.contender);
            let ratio = spread(&ratios(&own, &self.of(&row.metric, other)))
                .filter(|_| other != row.contender)
                .map_or_else(String::new, |ratio| {
                    format!("  {} of {other}", shown(ratio, 2))
                });
            lines.push(format!(
                "{:24} {:18} {} {}{ratio}",
                row.metric,
                row.contender,
                shown(figures, 1),
                row.unit
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

fn shown(spread: Spread, digits: usize) -> String {
    format!(
        "{:.digits$} ({:.digits$} to {:.digits$})",
        spread.median, spread.low, spread.high
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_same_round() -> Result<(), Error> {
        let mut results = Results::new(None)?;
        for (round, own, base) in [(1, 50.0, 100.0), (2, 5.0, 10.0)] {
            results.row(round, "own", "requests", "1/s", own)?;
            results.row(round, "base", "requests", "1/s", base)?;
        }
        results.missing(3, "own", "requests", "failed")?;
        let lines = results.summary(|_| "base");
        assert_eq!(lines.len(), 2);
        assert!(
            lines[1].ends_with("0.50 (0.50 to 0.50) of base"),
            "{lines:?}"
        );
        assert!(lines[0].ends_with("1/s"), "{lines:?}");
        Ok(())
    }

    #[test]
    fn a_file_of_results_is_not_overwritten() -> Result<(), Error> {
        let folder = tempfile::TempDir::new()?;
        let path = folder.path().join("runs/run.csv");
        Results::new(Some(&path))?.row(1, "a", "b", "c", 1.5)?;
        assert!(Results::new(Some(&path)).is_err());
        assert_eq!(std::fs::read_to_string(&path)?, "1,a,b,c,1.500\n");
        Ok(())
    }
}
