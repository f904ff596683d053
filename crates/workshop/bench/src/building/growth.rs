//! How cost grows: with dependencies, with assets, and with images, of a crate that is made
//! for it and built by the same functions as the service.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use fs_err as fs;

use super::tree::Tree;
use super::way::{output, place, timed};
use crate::options::{Building, Step, Way, name};

/// The length of an asset, and how many of them are a megabyte.
const ASSET_BYTES: usize = 100_000;
const ASSETS_EACH: u32 = 10;

/// How many dependencies, how many megabytes of assets, how many images.
pub(crate) fn sizes(step: Step) -> [u32; 3] {
    match step {
        Step::Dependencies => [0, 100, 300],
        Step::Assets => [1, 10, 100],
        _ => [1, 5, 20],
    }
}

/// Whether a way shows how cost grows.
pub(crate) fn is_of(step: Step, way: Way) -> bool {
    way == Way::Drydock || (way == Way::Cargo && step == Step::Dependencies)
}

/// How long a crate of a size takes from nothing, and after an edit. `stamp` is one that no other
/// has.
pub(crate) fn measure(
    step: Step,
    size: u32,
    way: Way,
    stamp: &str,
    options: &Building,
) -> Result<(Duration, Duration)> {
    let tree = Tree::copy(options, stamp, stamp)?;
    let place = place(options, &tree.folder);
    let kind = format!("{}-{size}", name(step));
    output(&place, way, &["grow", &kind, stamp])?;
    let mut edited = "grown/src/main.rs";
    let built = match step {
        Step::Dependencies => "grown-app".to_owned(),
        Step::Assets => {
            write_assets(&tree.folder.join("grown/assets"), size, stamp)?;
            edited = "grown/assets/asset-0.txt";
            "grown-nginx".to_owned()
        }
        _ => format!("grown-images-{size}"),
    };
    let first = timed(&place, way, &["grown", &built])?;
    tree.replace(edited, "edited 0 times", "edited 1 times")?;
    Ok((first, timed(&place, way, &["grown", &built])?))
}

/// Text that is as good as any to compress: words, in no order, the same in each run.
fn write_assets(folder: &Path, megabytes: u32, stamp: &str) -> Result<()> {
    const WORDS: [&str; 16] = [
        "harbour", "mast", "keel", "rope", "tide", "anchor", "sail", "rudder", "deck", "hull",
        "crane", "dock", "ship", "sea", "wind", "pilot",
    ];
    fs::create_dir_all(folder)?;
    let mut state = 1_u64;
    for number in 0..megabytes * ASSETS_EACH {
        let mut text = format!("{stamp}: edited 0 times, of asset {number}\n");
        while text.len() < ASSET_BYTES {
            // Knuth's generator; its upper bits are the better ones.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let word = WORDS[usize::try_from(state >> 60)?];
            write!(text, "{word} {:x} ", (state >> 40) & 0xfff)?;
        }
        fs::write(folder.join(format!("asset-{number}.txt")), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_as_long_as_wanted() -> Result<()> {
        let folder = tempfile::TempDir::new()?;
        write_assets(&folder.path().join("assets"), 1, "a")?;
        let mut sum = 0;
        for entry in fs::read_dir(folder.path().join("assets"))? {
            sum += entry?.metadata()?.len();
        }
        assert!((1_000_000..1_001_000).contains(&sum), "{sum}");
        Ok(())
    }
}
