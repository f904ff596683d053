//! `image-facts FACTS.json ARCHIVE`: exit code 0 when every fact holds, else 1, and a line
//! on stderr for each that does not; 2 when it was called wrongly.

use std::{env, fs, path::Path, process::ExitCode};

use image_facts::{facts::Facts, judge};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [facts, archive] = arguments.as_slice() else {
        eprintln!("usage: image-facts FACTS.json ARCHIVE");
        return ExitCode::from(2);
    };
    match run(Path::new(facts), Path::new(archive)) {
        Ok(found) if found.is_empty() => ExitCode::SUCCESS,
        Ok(found) => {
            for sentence in &found {
                eprintln!("image-facts: {sentence}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("image-facts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(facts: &Path, archive: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let facts: Facts = serde_json::from_slice(&fs::read(facts)?)
        .map_err(|error| format!("{}: {error}", facts.display()))?;
    Ok(judge(&facts, archive)?)
}
