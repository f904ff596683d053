//! The figures of a run: rows as they come, kept in a file, and what several rounds say together.

use std::fmt::{self, Display};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use fs_err::{self as fs, File};

use crate::quantity::{Unit, significant};

/// One figure, in bytes, seconds or whatever its unit is the least of; or why there is none.
struct Row {
    round: u32,
    contender: String,
    /// Empty where all of a contender's are missing.
    metric: String,
    figure: Result<(Unit, f64), String>,
}

/// A run's figures.
#[derive(Default)]
pub(crate) struct Run {
    /// What it says of the machine and of itself.
    pub(crate) about: Vec<String>,
    rows: Vec<Row>,
}

impl Run {
    /// Reads what `--write` left.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// The same of its text.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let comments = text.lines().filter_map(|line| line.strip_prefix('#'));
        let mut run = Self {
            about: comments.map(|line| line.trim().to_owned()).collect(),
            rows: Vec::new(),
        };
        let mut rows = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        for row in rows.deserialize() {
            let (round, contender, metric, unit, value): (_, _, _, String, Option<f64>) = row?;
            let figure = match value {
                None => Err(unit),
                Some(value) => {
                    let (unit, factor) = Unit::of(&unit)
                        .with_context(|| format!("there is no unit '{unit}': {metric}"))?;
                    Ok((unit, value * factor))
                }
            };
            run.rows.push(Row {
                round,
                contender,
                metric,
                figure,
            });
        }
        Ok(run)
    }

    /// The revision that was measured.
    pub(crate) fn commit(&self) -> &str {
        let commit = |line: &'_ String| line.starts_with("commit: ");
        self.about
            .iter()
            .find(|line| commit(line))
            .map_or("", |line| &line["commit: ".len()..])
    }

    /// How often all was measured.
    pub(crate) fn rounds(&self) -> u32 {
        self.rows.iter().map(|row| row.round).max().unwrap_or(0)
    }

    /// What there are figures of, in the order in which they came.
    pub(crate) fn metrics(&self) -> Vec<&str> {
        let all = self.rows.iter().map(|row| row.metric.as_str());
        distinct(all.filter(|metric| !metric.is_empty()))
    }

    /// Who there is a line of; of a metric, if one is said.
    pub(crate) fn contenders(&self, metric: Option<&str>) -> Vec<&str> {
        let rows = self.rows.iter();
        let rows = rows.filter(|row| metric.is_none_or(|metric| row.metric == metric));
        distinct(rows.map(|row| row.contender.as_str()))
    }

    /// In what a metric is measured.
    pub(crate) fn unit(&self, metric: &str) -> Option<Unit> {
        let mut rows = self.rows.iter().filter(|row| row.metric == metric);
        rows.find_map(|row| Some(row.figure.as_ref().ok()?.0))
    }

    /// The figures by round.
    pub(crate) fn figures(&self, contender: &str, metric: &str) -> Vec<(u32, f64)> {
        self.rows
            .iter()
            .filter(|row| row.contender == contender && row.metric == metric)
            .filter_map(|row| Some((row.round, row.figure.as_ref().ok()?.1)))
            .collect()
    }

    /// Why there is no figure, if that is said of this metric or of the contender.
    pub(crate) fn why_not(&self, contender: &str, metric: &str) -> Option<&str> {
        let of = |row: &&Row| row.metric == metric || row.metric.is_empty();
        let rows = self.rows.iter().filter(|row| row.contender == contender);
        let mut why = rows.rev().filter(of).filter_map(|row| row.figure.as_ref().err());
        why.next().map(String::as_str)
    }

    /// All that is said to be missing: who, what and why, and in how many rounds.
    pub(crate) fn missing(&self) -> Vec<([&str; 3], usize)> {
        let all: Vec<[&str; 3]> = self
            .rows
            .iter()
            .filter_map(|row| Some([&row.contender, &row.metric, row.figure.as_ref().err()?]))
            .map(|row| row.map(String::as_str))
            .collect();
        let rounds = |one| all.iter().filter(|other| **other == one).count();
        let each = distinct(all.iter().copied()).into_iter();
        each.map(|one| (one, rounds(one))).collect()
    }

    /// For each metric and contender the median, and the ratio to the contender that
    /// `reference` names for it.
    fn summary(&self, reference: impl Fn(&str) -> &'static str) -> Vec<String> {
        let mut lines = Vec::new();
        for metric in self.metrics() {
            for contender in self.contenders(Some(metric)) {
                let own = self.figures(contender, metric);
                let (Some(unit), Some(figures)) = (self.unit(metric), Spread::of(&values(&own)))
                else {
                    continue;
                };
                let other = reference(contender);
                let ratio = Spread::of(&ratios(&own, &self.figures(other, metric)));
                let ratio = ratio.filter(|_| other != contender);
                let ratio = ratio.map(|ratio| format!("  {} of {other}", ratio.ratio()));
                let figures = figures.amount(unit);
                let ratio = ratio.unwrap_or_default();
                lines.push(format!("{metric:24} {contender:18} {figures}{ratio}"));
            }
        }
        lines.sort();
        lines
    }
}

/// A run that goes on: each row goes to standard output, and to a file if there is one.
pub(crate) struct Results {
    run: Run,
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
            run: Run::default(),
            file: path.map(File::create_new).transpose()?,
        };
        let line = |path: &str, name: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or("").trim_matches([' ', '\t', ':']).to_owned()
        };
        let cores = std::thread::available_parallelism()?;
        let processor = line("/proc/cpuinfo", "model name");
        let memory = line("/proc/meminfo", "MemTotal");
        let kernel = line("/proc/sys/kernel/osrelease", "");
        let load = line("/proc/loadavg", "");
        results.line(format_args!("# commit: {commit}"))?;
        results.line(format_args!("# processor: {processor}, cores: {cores}"))?;
        results.line(format_args!("# memory: {memory}"))?;
        results.line(format_args!("# kernel: {kernel}"))?;
        results.line(format_args!("# load before: {load}"))?;
        results.line(format_args!("# {about}"))?;
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
        unit: &str,
        value: f64,
    ) -> Result<()> {
        self.line(format_args!(
            "{round},{contender},{metric},{unit},{value:.3}"
        ))?;
        let (known, factor) =
            Unit::of(unit).with_context(|| format!("there is no unit '{unit}'"))?;
        self.run.rows.push(Row {
            round,
            contender: contender.to_owned(),
            metric: metric.to_owned(),
            figure: Ok((known, value * factor)),
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

    /// Says on standard error what the rounds say together, with ratios to `reference`.
    pub(crate) fn sum_up(&self, reference: impl Fn(&str) -> &'static str) {
        for line in self.run.summary(reference) {
            eprintln!("{line}");
        }
    }
}

/// The middle of some figures, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// `None` of no figures.
    pub(crate) fn of(figures: &[f64]) -> Option<Self> {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let (below, above) = ((sorted.len() - 1) / 2, sorted.len() / 2);
        let median = f64::midpoint(sorted[below], sorted[above]);
        Some(Self { median, low, high })
    }

    /// So many times of it.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self {
            median: self.median * factor,
            low: self.low * factor,
            high: self.high * factor,
        }
    }

    /// As an amount, in the multiple of the unit that fits its middle.
    pub(crate) fn amount(self, unit: Unit) -> String {
        let size = unit.multiple(self.median).0;
        let range = Range(self.low / size, self.high / size);
        format!("{} {range}", unit.written(self.median))
    }

    /// As a ratio.
    pub(crate) fn ratio(self) -> String {
        format!(
            "{}× {}",
            significant(self.median),
            Range(self.low, self.high)
        )
    }
}

struct Range(f64, f64);

impl Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (significant(self.0), significant(self.1));
        write!(formatter, "({low} to {high})")
    }
}

/// Figures without their rounds.
pub(crate) fn values(figures: &[(u32, f64)]) -> Vec<f64> {
    figures.iter().map(|(_, value)| *value).collect()
}

/// What some are of others: of each round by itself, since a round's figures share what else
/// the machine did.
pub(crate) fn ratios(own: &[(u32, f64)], base: &[(u32, f64)]) -> Vec<f64> {
    base.iter()
        .filter_map(|(round, base)| {
            let (_, value) = own.iter().find(|(of, _)| of == round)?;
            (*base > 0.0).then(|| value / base)
        })
        .collect()
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
    fn figures_come_with_what_is_said_of_them() -> Result<()> {
        let run = Run::parse(TEXT)?;
        assert_eq!((run.commit(), run.rounds()), ("abc", 2));
        assert_eq!(run.metrics(), ["start", "memory"]);
        assert_eq!(run.figures("own", "start"), [(1, 0.0025)]);
        assert_eq!(run.figures("own", "memory"), [(1, 2048.0)]);
        assert_eq!(run.unit("memory"), Some(Unit::Bytes));
        Ok(())
    }

    #[test]
    fn what_is_missing_is_not_lost() -> Result<()> {
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
        let said = |from, to| match Run::parse(&TEXT.replace(from, to)) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let number = said("2.500", "2,5");
        assert!(number.contains("line: 4"), "{number}");
        assert_eq!(said("KiB", "lines"), "there is no unit 'lines': memory");
    }

    #[test]
    fn ratios_are_of_the_same_round() -> Result<()> {
        let mut results = Results::new(None, "", "")?;
        for (round, own, base) in [(1, 50.0, 100.0), (2, 5.0, 10.0)] {
            results.row(round, "own", "requests", "1/s", own)?;
            results.row(round, "base", "requests", "1/s", base)?;
        }
        results.missing(3, "own", "requests", "failed")?;
        let lines = results.run.summary(|_| "base");
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("55.0/s (10.0 to 100)"), "{lines:?}");
        assert!(
            lines[1].ends_with("0.500× (0.500 to 0.500) of base"),
            "{lines:?}"
        );
        let own = [(1, 5.0), (2, 8.0), (4, 1.0)];
        let base = [(2, 4.0), (1, 10.0), (3, 1.0), (4, 0.0)];
        assert_eq!(ratios(&own, &base), [2.0, 0.5]);
        Ok(())
    }

    #[test]
    fn a_file_of_results_is_not_overwritten() -> Result<()> {
        let folder = tempfile::TempDir::new()?;
        let path = folder.path().join("runs/run.csv");
        Results::new(Some(&path), "", "")?.row(1, "a", "b", "s", 1.5)?;
        assert!(Results::new(Some(&path), "", "").is_err());
        assert!(fs::read_to_string(&path)?.ends_with("value\n1,a,b,s,1.500\n"));
        Ok(())
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of(&[]), None);
        let of = |figures: &[f64]| Spread::of(figures).map(|spread| spread.median);
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        let wide = Spread::of(&[0.000_9, 0.01, 1.2]).map(|spread| spread.amount(Unit::Seconds));
        assert_eq!(wide.as_deref(), Some("10.0\u{a0}ms (0.900 to 1\u{a0}200)"));
    }
}
