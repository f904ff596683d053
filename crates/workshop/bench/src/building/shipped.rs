//! What a registry would have to receive of an image.

use std::path::Path;

use anyhow::{Context as _, Result};
use fs_err as fs;

use crate::command::{Place, run};

/// The layers of an image that the engine has, by the digest of what is in them.
pub(crate) fn layers(image: &str) -> Result<Vec<String>> {
    let format = "--format={{range .RootFS.Layers}}{{println .}}{{end}}";
    let said = run(&["docker", "image", "inspect", format, image])?;
    Ok(said.lines().map(str::to_owned).collect())
}

/// The bytes of the layers that were not there before, compressed as engines do it.
pub(crate) fn bytes(image: &str, before: &[String], scratch: &Path) -> Result<f64> {
    let now = layers(image)?;
    let folder = tempfile::TempDir::new_in(scratch)?;
    let place = Place::new(folder.path());
    place.run(&["docker", "save", "--output", "image.tar", image])?;
    place.run(&["tar", "-xf", "image.tar"])?;
    let manifest = fs::read_to_string(folder.path().join("manifest.json"))?;
    let mut sum = 0.0;
    for (_, file) in now
        .iter()
        .zip(files(&manifest)?)
        .filter(|(layer, _)| !before.contains(layer))
    {
        let script = r#"gzip --no-name --stdout "$1" | wc -c"#;
        let length = place.run(&["bash", "-o", "pipefail", "-c", script, "compress", &file])?;
        sum += length.parse::<f64>().context(length)?;
    }
    Ok(sum)
}

/// The layers' files, from the list of names in an archive's manifest.
fn files(manifest: &str) -> Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Image {
        #[serde(rename = "Layers")]
        layers: Vec<String>,
    }
    let images: Vec<Image> = serde_json::from_str(manifest)?;
    Ok(images.into_iter().flat_map(|image| image.layers).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_of_the_manifest() -> Result<()> {
        let manifest = r#"[{"Config":"c.json","RepoTags":["a:latest"],"Layers":["1/layer.tar","2/layer.tar"]}]"#;
        assert_eq!(files(manifest)?, ["1/layer.tar", "2/layer.tar"]);
        Ok(())
    }
}
