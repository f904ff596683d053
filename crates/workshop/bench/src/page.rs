//! The page of results: docs/SPEED.md and its pictures, of what is in bench/runs, as
//! bench/plots.toml has them. The same files give the same page, to the byte.

mod bars;
mod picture;
mod plots;

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use askama::Template;
use fs_err as fs;

use crate::figures::{Run, Spread, distinct, ratios, values};
use bars::Judged;
use plots::{Of, Plot, Plots, RunPlots};

#[derive(Template)]
#[template(path = "speed.md", escape = "none")]
struct Page<'a> {
    bars: Vec<&'a Judged<'a>>,
    runs: &'a [Part<'a>],
}

/// A run's part of the page.
struct Part<'a> {
    wanted: &'a RunPlots,
    run: &'a Run,
    tables: Vec<Table<'a>>,
    bars: Vec<Judged<'a>>,
}

/// All figures of a plot.
struct Table<'a> {
    plot: &'a Plot,
    /// What the ratios are of; empty where there are none.
    reference: String,
    groups: Vec<Group<'a>>,
    picture: Option<(&'a str, String)>,
}

/// All figures of a metric, side by side.
struct Group<'a> {
    metric: &'a str,
    label: &'a str,
    figures: Vec<Figure<'a>>,
}

/// One contender's figures of a metric.
struct Figure<'a> {
    contender: &'a str,
    ours: bool,
    spread: Option<Spread>,
    /// The median; or why there is none.
    short: String,
    /// The same with the spread.
    measured: String,
    /// To what the plot's ratios are of.
    ratio: Option<Spread>,
}

/// Writes the page of the repository that is in this folder, in the place of the one that is
/// there.
pub(crate) fn write(root: &Path) -> Result<()> {
    let path = root.join("bench/plots.toml");
    let plots: Plots =
        toml::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
    let runs = plots.run.iter().map(|wanted| {
        let file = format!("bench/runs/{}.csv", wanted.name);
        Run::read(&root.join(file))
    });
    let runs = runs.collect::<Result<Vec<_>>>()?;
    let parts = plots.run.iter().zip(&runs);
    let parts = parts.map(|(wanted, run)| Part::new(&plots, wanted, run));
    let parts = parts.collect::<Result<Vec<_>>>()?;
    let folder = root.join("docs/speed");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for table in parts.iter().flat_map(|part| &part.tables) {
        if let Some((name, picture)) = &table.picture {
            fs::write(folder.join(format!("{name}.svg")), picture)?;
        }
    }
    let page = Page {
        bars: parts.iter().flat_map(|part| &part.bars).collect(),
        runs: &parts,
    };
    Ok(fs::write(
        root.join("docs/SPEED.md"),
        page.render()? + "\n",
    )?)
}

impl Page<'_> {
    fn met(&self) -> usize {
        self.bars.iter().filter(|bar| bar.is_met()).count()
    }
}

impl<'a> Part<'a> {
    fn new(plots: &'a Plots, wanted: &'a RunPlots, run: &'a Run) -> Result<Self> {
        let mut part = Self {
            wanted,
            run,
            tables: Vec::new(),
            bars: Vec::new(),
        };
        for metric in run.metrics() {
            // What is missing of several has a name of its own.
            let shown =
                run.unit(metric).is_none() || wanted.plot.iter().any(|plot| plot.wants(metric));
            ensure!(
                shown,
                "bench/plots.toml has no plot of '{metric}' of {}",
                wanted.name
            );
        }
        for plot in &wanted.plot {
            let named = |what: &str| format!("bench/plots.toml: '{}'{what}", plot.title);
            let judge = |bar| {
                let judged = Judged::new(plot, bar, run);
                judged.with_context(|| named(&format!(", its bar of {}", bar.metric)))
            };
            let bars = plot.bar.iter().map(judge).collect::<Result<Vec<_>>>()?;
            let mut table = Table::new(plots, wanted, plot, run).with_context(|| named(""))?;
            if let Some(name) = &plot.picture {
                table.picture = Some((name, picture::picture(&table, &bars)?));
            }
            part.tables.push(table);
            part.bars.extend(bars);
        }
        Ok(part)
    }

    /// What a contender is.
    fn about(&self, contender: &str) -> &str {
        self.wanted.about.get(contender).map_or("", String::as_str)
    }
}

impl<'a> Table<'a> {
    fn new(plots: &'a Plots, wanted: &'a RunPlots, plot: &'a Plot, run: &'a Run) -> Result<Self> {
        let metrics = plot.metrics(run);
        let units = distinct(metrics.iter().filter_map(|metric| run.unit(metric)));
        let [unit] = units[..] else {
            bail!("{} are not of one unit", metrics.join(", "));
        };
        let figure = |contender: &'a str, metric: &'a str| {
            let own = run.figures(contender, metric);
            let base = plot.reference.as_ref().map(|of| of.or(contender, metric));
            let base = base.filter(|of| *of != (contender, metric));
            let base = base.map(|(contender, metric)| run.figures(contender, metric));
            let spread = Spread::of(&values(&own));
            let why = run.why_not(contender, metric).unwrap_or("not measured");
            let written = |write: &dyn Fn(Spread) -> String| match spread {
                Some(spread) => write(spread),
                None => why.to_owned(),
            };
            Figure {
                contender,
                ours: plots.ours.iter().any(|ours| ours == contender),
                spread,
                short: written(&|spread| unit.written(spread.median)),
                measured: written(&|spread| spread.amount(unit)),
                ratio: base.and_then(|base| Spread::of(&ratios(&own, &base))),
            }
        };
        let group = |metric| Group {
            metric,
            label: plots.metrics.get(metric).map_or(metric, String::as_str),
            figures: wanted
                .contenders(plot, run, metric)
                .into_iter()
                .map(|contender| figure(contender, metric))
                .collect(),
        };
        Ok(Self {
            plot,
            reference: plot.reference.as_ref().map(Of::name).unwrap_or_default(),
            groups: metrics.into_iter().map(group).collect(),
            picture: None,
        })
    }
}

/// A text in a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOTS: &str = "ours = ['own']
        metrics = { size = 'bytes' }
        [[run]]
        name = 'a'
        title = 'A'
        text = []
        command = 'measure'
        contenders = ['own', 'gone']
        about = { own = 'Ours.' }
        [[run.plot]]
        picture = 'rate'
        title = 'Rate <&>'
        metrics = ['rate']
        reference = { contender = 'other' }
        [[run.plot.bar]]
        contender = 'own'
        metric = 'rate'
        of = { contender = 'other' }
        limit = { least = 1 }
        [[run.plot]]
        title = 'Size'
        metrics = ['size']";
    const FIGURES: &str = "# commit: abc\nround,contender,metric,unit,value\n\
        1,own,rate,1/s,90\n1,other,rate,1/s,100\n2,own,rate,1/s,50\n1,gone,,absent,\n\
        1,|</svg>,rate,1/s,20\n1,own,size,B,5\n";

    fn repository(plots: &str, figures: &str) -> Result<tempfile::TempDir> {
        let folder = tempfile::TempDir::new()?;
        fs::create_dir_all(folder.path().join("bench/runs"))?;
        fs::create_dir_all(folder.path().join("docs/speed"))?;
        fs::write(folder.path().join("bench/plots.toml"), plots)?;
        fs::write(folder.path().join("bench/runs/a.csv"), figures)?;
        fs::write(folder.path().join("docs/speed/old.svg"), "")?;
        Ok(folder)
    }

    #[test]
    fn the_page_has_all_that_the_run_has() -> Result<()> {
        let folder = repository(PLOTS, FIGURES)?;
        write(folder.path())?;
        let page = fs::read_to_string(folder.path().join("docs/SPEED.md"))?;
        for wanted in [
            "0 of 1 bars are met",
            "**not met**",
            "| rate | `own` | 70.0/s (50.0 to 90.0) | 0.900× (0.900 to 0.900) |",
            "| rate | `gone` | absent |  |",
            "| rate | `\\|</svg>` |",
            "| bytes | `own` | 5.00\u{a0}B (5.00 to 5.00) |",
            "commit `abc`",
            "| `own` | Ours. |",
            "](speed/rate.svg)",
        ] {
            assert!(page.contains(wanted), "{wanted} is not in {page}");
        }
        assert!(!folder.path().join("docs/speed/old.svg").exists());
        let picture = fs::read_to_string(folder.path().join("docs/speed/rate.svg"))?;
        for wanted in [
            "Rate &#60;&#38;&#62;",
            ">absent</text>",
            r#"width="70.0%""#,
            r#"x="50.0%" width="40.0%""#,
            r#"x1="100.0%""#,
        ] {
            assert!(picture.contains(wanted), "{wanted} is not in {picture}");
        }
        assert!(!picture.contains("<&>") && !picture.contains("|</svg>"));
        write(folder.path())?;
        let again = fs::read_to_string(folder.path().join("docs/SPEED.md"))?;
        assert_eq!(again, page);
        Ok(())
    }

    #[test]
    fn what_cannot_be_shown_is_refused() -> Result<()> {
        let said = |plots: &str, figures: &str| -> Result<String> {
            let written = write(repository(plots, figures)?.path());
            Ok(written
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap_or_default())
        };
        let mixed = said(&PLOTS.replace("['rate']", "['rate', 'size']"), FIGURES)?;
        assert!(mixed.contains("rate, size are not of one unit"), "{mixed}");
        let unknown = said(&PLOTS.replace("least", "about"), FIGURES)?;
        assert!(
            unknown.contains("plots.toml") && unknown.contains("about"),
            "{unknown}"
        );
        let broken = said(PLOTS, "round,contender,metric,unit,value\n1,a\n")?;
        assert!(broken.contains("a.csv"), "{broken}");
        let more = said(PLOTS, &format!("{FIGURES}1,own,start,s,1\n"))?;
        assert!(more.contains("no plot of 'start' of a"), "{more}");
        Ok(())
    }
}
