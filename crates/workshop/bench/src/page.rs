//! The page of results: docs/SPEED.md and its pictures, of what is in bench/runs, as
//! bench/plots.toml has them. The same files give the same page, to the byte.

mod bars;
mod chart;
mod plots;
mod quantity;
mod runs;
mod scale;

use std::path::Path;
use std::{fs, io};

use askama::Template;

use crate::error::Error;
use crate::statistics::{Spread, ratios, spread, values};
use bars::{Judged, amount, ratio};
use plots::{Of, Plot, Plots, RunPlots, wrong};
use quantity::Unit;
use runs::{Run, distinct};

/// One contender's figures of a metric.
struct Figure {
    contender: String,
    ours: bool,
    /// Or why there is none.
    spread: Result<Spread, String>,
    /// To what the plot's ratios are of.
    ratio: Option<Spread>,
}

/// All figures of a metric, side by side.
struct Group {
    metric: String,
    label: String,
    figures: Vec<Figure>,
}

#[derive(Template)]
#[template(path = "speed.md", escape = "none")]
struct Page<'a> {
    bars: Vec<&'a Judged>,
    runs: &'a [RunPart<'a>],
    /// Files that no plot is of.
    others: Vec<String>,
}

/// A run's part of the page.
struct RunPart<'a> {
    wanted: &'a RunPlots,
    /// `None`: there is no such file.
    run: Option<Run>,
    /// Who was measured, and what that is.
    contenders: Vec<(String, String)>,
    plots: Vec<PlotPart>,
    bars: Vec<Judged>,
}

/// A plot's part of that.
struct PlotPart {
    name: String,
    title: String,
    text: Vec<String>,
    /// What the ratios are of, if there are any.
    reference: Option<String>,
    /// What, whose, how much, and in which ratio.
    rows: Vec<[String; 4]>,
    picture: String,
}

/// Writes the page of the repository that is in this folder, in the place of the one that is
/// there.
pub(crate) fn write(root: &Path) -> Result<(), Error> {
    let plots = Plots::read(&root.join("bench/plots.toml"))?;
    let folder = root.join("bench/runs");
    let mut others = names(&folder, "csv")?;
    others.retain(|name| !plots.run.iter().any(|wanted| wanted.name == *name));
    let mut runs = Vec::new();
    for wanted in &plots.run {
        let path = folder.join(format!("{}.csv", wanted.name));
        let run = path.exists().then(|| Run::read(&path)).transpose()?;
        runs.push(RunPart::new(&plots, wanted, run)?);
    }
    let pictures = root.join("docs/speed");
    fs::create_dir_all(&pictures).map_err(Error::at(&pictures))?;
    for name in names(&pictures, "svg")? {
        let path = pictures.join(format!("{name}.svg"));
        fs::remove_file(&path).map_err(Error::at(&path))?;
    }
    for plot in runs.iter().flat_map(|run| &run.plots) {
        let path = pictures.join(format!("{}.svg", plot.name));
        let mut file = fs::File::create_new(&path).map_err(Error::at(&path))?;
        io::Write::write_all(&mut file, plot.picture.as_bytes()).map_err(Error::at(&path))?;
    }
    let page = Page {
        bars: runs.iter().flat_map(|run| &run.bars).collect(),
        runs: &runs,
        others,
    };
    let path = root.join("docs/SPEED.md");
    fs::write(&path, page.render()? + "\n").map_err(Error::at(&path))
}

impl Page<'_> {
    fn met(&self) -> usize {
        self.bars.iter().filter(|bar| bar.is_met()).count()
    }
}

impl<'a> RunPart<'a> {
    fn new(plots: &Plots, wanted: &'a RunPlots, run: Option<Run>) -> Result<Self, Error> {
        let mut part = Self {
            wanted,
            run: None,
            contenders: Vec::new(),
            plots: Vec::new(),
            bars: Vec::new(),
        };
        let all = run
            .as_ref()
            .map_or_else(|| wanted.plot.clone(), |run| wanted.plots(run));
        for plot in all {
            let bars = plot
                .bar
                .iter()
                .map(|bar| Judged::new(&plot, bar, run.as_ref()))
                .collect::<Result<Vec<_>, _>>()?;
            if let Some(run) = &run {
                let drawn = PlotPart::new(plots, wanted, &plot, run, &bars)?;
                part.plots.extend(drawn);
            }
            part.bars.extend(bars);
        }
        if let Some(run) = &run {
            part.contenders = run
                .everybody()
                .into_iter()
                .map(|name| {
                    let is = wanted.about.get(name).cloned();
                    (name.to_owned(), is.unwrap_or_default())
                })
                .collect();
        }
        Ok(Self { run, ..part })
    }
}

impl PlotPart {
    /// `None`: the run has nothing of it.
    fn new(
        plots: &Plots,
        wanted: &RunPlots,
        plot: &Plot,
        run: &Run,
        bars: &[Judged],
    ) -> Result<Option<Self>, Error> {
        let metrics = plot.metrics_of(run);
        let units = distinct(metrics.iter().filter_map(|metric| run.unit(metric)));
        let unit = match units.as_slice() {
            [] => return Ok(None),
            [unit] => unit,
            _ => {
                let what = format!("{} are not of one unit", metrics.join(", "));
                return Err(wrong(&plot.name, what));
            }
        };
        let groups: Vec<Group> = metrics
            .into_iter()
            .map(|metric| Group {
                figures: plot
                    .contenders_of(run, &wanted.contenders, metric)
                    .into_iter()
                    .map(|contender| Figure::new(plots, plot, run, contender, metric))
                    .collect(),
                metric: metric.to_owned(),
                label: plots.label(metric),
            })
            .collect();
        let reference = plot.reference.as_ref().map(Of::name);
        Ok(Some(Self {
            name: plot.name.clone(),
            title: plot.title.clone(),
            text: plot.text.clone(),
            rows: groups.iter().flat_map(|group| group.rows(unit)).collect(),
            picture: chart::picture(plot, reference.as_deref(), unit, &groups, bars)?,
            reference,
        }))
    }
}

impl Figure {
    fn new(plots: &Plots, plot: &Plot, run: &Run, contender: &str, metric: &str) -> Self {
        let own = run.figures(contender, metric);
        let base = plot
            .reference
            .as_ref()
            .map(|of| of.or(contender, metric))
            .filter(|of| *of != (contender, metric))
            .map(|(contender, metric)| run.figures(contender, metric));
        Self {
            contender: contender.to_owned(),
            ours: plots.ours.iter().any(|ours| ours == contender),
            spread: spread(&values(&own)).ok_or_else(|| {
                let why = run.why_not(contender, metric);
                why.unwrap_or("not measured").to_owned()
            }),
            ratio: base.and_then(|base| spread(&ratios(&own, &base))),
        }
    }
}

impl Group {
    fn rows(&self, unit: &Unit) -> Vec<[String; 4]> {
        self.figures
            .iter()
            .map(|figure| {
                [
                    self.label.clone(),
                    figure.contender.clone(),
                    match &figure.spread {
                        Ok(spread) => amount(unit, *spread),
                        Err(why) => why.clone(),
                    },
                    figure.ratio.map(ratio).unwrap_or_default(),
                ]
            })
            .collect()
    }
}

/// A text in a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The files in a folder that end so, without that end; none where there is no folder.
fn names(folder: &Path, end: &str) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::at(folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::at(folder))?.path();
        if path.extension().is_some_and(|it| it == end)
            && let Some(name) = path.file_stem()
        {
            found.push(name.to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOTS: &str = "ours = ['own']
        metrics = {}
        [[run]]
        name = 'a'
        title = 'A'
        text = []
        command = 'measure'
        contenders = ['own', 'gone']
        about = { own = 'Ours.' }
        [[run.plot]]
        name = 'rate'
        title = 'Rate <&>'
        metrics = ['rate']
        reference = { contender = 'other' }
        [[run.plot.bar]]
        contender = 'own'
        metric = 'rate'
        of = { contender = 'other' }
        limit = { least = 1 }
        [[run]]
        name = 'b'
        title = 'B'
        text = []
        command = 'measure'";
    const FIGURES: &str = "# commit: abc\nround,contender,metric,unit,value\n\
        1,own,rate,1/s,90\n1,other,rate,1/s,100\n1,gone,,absent,\n1,own,size|,B,5\n\
        1,own,grow-1,s,1\n1,own,grow-100,s,9\n";

    fn repository(plots: &str, figures: &str) -> io::Result<tempfile::TempDir> {
        let folder = tempfile::TempDir::new()?;
        fs::create_dir_all(folder.path().join("bench/runs"))?;
        fs::create_dir_all(folder.path().join("docs/speed"))?;
        fs::write(folder.path().join("bench/plots.toml"), plots)?;
        fs::write(folder.path().join("bench/runs/a.csv"), figures)?;
        fs::write(folder.path().join("bench/runs/before.csv"), figures)?;
        fs::write(folder.path().join("docs/speed/old.svg"), "")?;
        Ok(folder)
    }

    #[test]
    fn the_page_has_all_that_the_run_has() -> Result<(), Error> {
        let folder = repository(PLOTS, FIGURES)?;
        write(folder.path())?;
        let page = fs::read_to_string(folder.path().join("docs/SPEED.md"))?;
        for wanted in [
            "0 of 1 bars are met",
            "**not met**",
            "| rate | `own` | 90.0/s (90.0 to 90.0) | 0.900× (0.900 to 0.900) |",
            "| rate | `gone` | absent |  |",
            "### size|",
            "### grow",
            "| grow-100 | `own` | 9.00\u{a0}s (9.00 to 9.00) |",
            "| size\\| | `own` | 5.00\u{a0}B (5.00 to 5.00) |",
            "commit `abc`",
            "| `own` | Ours. |",
            "There is no `bench/runs/b.csv` yet",
            "[before](../bench/runs/before.csv)",
        ] {
            assert!(page.contains(wanted), "{wanted} is not in {page}");
        }
        let pictures = names(&folder.path().join("docs/speed"), "svg")?;
        assert_eq!(pictures, ["a-1", "a-2", "rate"]);
        let picture = fs::read_to_string(folder.path().join("docs/speed/rate.svg"))?;
        for wanted in ["Rate &#60;&#38;&#62;", ">absent</text>", "≥ 1× of other"] {
            assert!(picture.contains(wanted), "{wanted} is not in {picture}");
        }
        assert!(!picture.contains("<&>"));
        write(folder.path())?;
        assert_eq!(
            fs::read_to_string(folder.path().join("docs/SPEED.md"))?,
            page
        );
        Ok(())
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() -> Result<(), Error> {
        let said = |plots: &str, figures: &str| -> Result<String, Error> {
            let written = write(repository(plots, figures)?.path());
            Ok(written
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default())
        };
        let mixed = said(&PLOTS.replace("['rate']", "['rate', 'size|']"), FIGURES)?;
        assert!(mixed.contains("rate, size| are not of one unit"), "{mixed}");
        let unknown = said(&PLOTS.replace("least", "about"), FIGURES)?;
        assert!(
            unknown.contains("plots.toml") && unknown.contains("about"),
            "{unknown}"
        );
        let broken = said(PLOTS, "round,contender,metric,unit,value\n1,a\n")?;
        assert!(broken.contains("a.csv"), "{broken}");
        Ok(())
    }
}
