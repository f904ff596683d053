//! Measures the service side by side with what people would use instead: each round starts
//! every contender once, one after the other, so that what the machine does besides falls
//! on all of them. Figures go to standard output as CSV, and ratios to standard error.

mod contender;
mod error;
mod load;
mod statistics;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contender::Contender;
use error::Error;
use load::Plan;

const USAGE: &str =
    "usage: drydock-bench [--bench FOLDER] [--rounds N] [--seconds N] [--connections N] [NAME...]
  --bench        the folder with contenders.toml (default: bench)
  --rounds       how often each is started (default 5)
  --seconds      how long each is under load (default 5)
  --connections  how many ask at once (default 64)
  NAME           only these contenders";

/// What all others are a ratio of.
const REFERENCE: &str = "actix-web";

struct Options {
    bench: PathBuf,
    rounds: u32,
    plan: Plan,
    only: Vec<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drydock-bench: error: {error}");
            ExitCode::from(if matches!(error, Error::Usage(_)) {
                2
            } else {
                1
            })
        }
    }
}

fn run() -> Result<(), Error> {
    if std::env::args().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return Ok(());
    }
    let options = options(std::env::args().skip(1))?;
    let contenders = chosen(&options)?;
    let cores = std::thread::available_parallelism()?.get();
    describe_machine(cores);
    println!("round,contender,metric,unit,value");
    let mut rates: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 1..=options.rounds {
        for contender in &contenders {
            match measure(contender, &options, cores, round) {
                Ok(Some(rate)) => rates.entry(&contender.name).or_default().push(rate),
                Ok(None) => println!("{round},{},absent,,", contender.name),
                Err(error) => {
                    println!("{round},{},failed,,", contender.name);
                    eprintln!("drydock-bench: {}: {error}", contender.name);
                    if matches!(error, Error::NoLoad(_)) {
                        return Err(error);
                    }
                }
            }
        }
    }
    compare(&contenders, &rates);
    Ok(())
}

/// Requests per second in one round; `None` when the contender is absent.
fn measure(
    contender: &Contender,
    options: &Options,
    cores: usize,
    round: u32,
) -> Result<Option<f64>, Error> {
    let Some(running) = contender.start(&options.bench, cores)? else {
        return Ok(None);
    };
    let name = &contender.name;
    let started_ms = running.started_in.as_secs_f64() * 1000.0;
    println!("{round},{name},start,ms,{started_ms:.3}");
    println!("{round},{name},idle-memory,KiB,{}", running.resident_kib());
    let rate = load::throughput(running.address, options.plan)?;
    println!("{round},{name},requests,1/s,{rate:.2}");
    println!(
        "{round},{name},loaded-memory,KiB,{}",
        running.resident_kib()
    );
    Ok(Some(rate))
}

/// Who can be compared, and by how much.
fn compare(contenders: &[Contender], rates: &BTreeMap<&str, Vec<f64>>) {
    let spread = |name: &str| statistics::spread(rates.get(name).map_or(&[][..], Vec::as_slice));
    let reference = spread(REFERENCE);
    for contender in contenders {
        let Some(own) = spread(&contender.name) else {
            eprintln!("{:12} absent", contender.name);
            continue;
        };
        let ratio = reference.map_or_else(String::new, |reference| {
            format!("  {:.2} of {REFERENCE}", own.median / reference.median)
        });
        eprintln!(
            "{:12} {:>10.0} requests/s ({:.0} to {:.0}){ratio}",
            contender.name, own.median, own.low, own.high
        );
    }
}

/// Comments at the head of the results: the figures are this machine's.
fn describe_machine(cores: usize) {
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
    println!(
        "# processor: {}, cores: {cores}",
        line("/proc/cpuinfo", "model name")
    );
    println!("# memory: {}", line("/proc/meminfo", "MemTotal"));
    println!("# kernel: {}", line("/proc/sys/kernel/osrelease", ""));
    println!("# load before: {}", line("/proc/loadavg", ""));
}

fn chosen(options: &Options) -> Result<Vec<Contender>, Error> {
    let all = contender::list(&options.bench)?;
    let unknown = options
        .only
        .iter()
        .find(|name| !all.iter().any(|contender| contender.name == **name));
    if let Some(name) = unknown {
        let names: Vec<&str> = all
            .iter()
            .map(|contender| contender.name.as_str())
            .collect();
        return Err(Error::Usage(format!(
            "there is no contender '{name}'; there are {}\n{USAGE}",
            names.join(", ")
        )));
    }
    Ok(all
        .into_iter()
        .filter(|contender| options.only.is_empty() || options.only.contains(&contender.name))
        .collect())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Error> {
    let mut options = Options {
        bench: Path::new("bench").to_owned(),
        rounds: 5,
        plan: Plan {
            connections: 64,
            seconds: 5,
        },
        only: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => options.bench = value(&argument, arguments.next())?.into(),
            "--rounds" => options.rounds = number(&argument, arguments.next())?,
            "--seconds" => options.plan.seconds = number(&argument, arguments.next())?,
            "--connections" => options.plan.connections = number(&argument, arguments.next())?,
            _ if argument.starts_with('-') => {
                return Err(Error::Usage(format!(
                    "there is no option '{argument}'\n{USAGE}"
                )));
            }
            _ => options.only.push(argument),
        }
    }
    Ok(options)
}

fn value(option: &str, value: Option<String>) -> Result<String, Error> {
    value.ok_or_else(|| Error::Usage(format!("{option} needs a value\n{USAGE}")))
}

fn number(option: &str, given: Option<String>) -> Result<u32, Error> {
    let text = value(option, given)?;
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err(Error::Usage(format!(
            "{option} is '{text}'; it may be 1 to 10000"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, Error> {
        options(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn options_and_names_are_read() -> Result<(), Error> {
        let options = parse(&["--rounds", "3", "hyper"])?;
        assert_eq!(
            (options.rounds, options.only),
            (3, vec!["hyper".to_owned()])
        );
        Ok(())
    }

    #[test]
    fn a_wrong_number_is_named() {
        let error = parse(&["--seconds", "0"])
            .err()
            .map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("--seconds is '0'; it may be 1 to 10000")
        );
    }
}
