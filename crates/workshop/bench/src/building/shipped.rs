//! What a registry would have to receive of an image.

use std::collections::BTreeSet;
use std::path::Path;

use super::command::Place;
use crate::error::Error;

/// The layers of an image that the engine has, by the digest of what is in them.
pub(crate) fn layers(image: &str) -> Result<Vec<String>, Error> {
    let format = "{{range .RootFS.Layers}}{{println .}}{{end}}";
    let said = Place::new("/").run(&["docker", "image", "inspect", "--format", format, image])?;
    Ok(said.lines().map(str::to_owned).collect())
}

/// The bytes of the layers that were not there before, compressed as engines do it.
pub(crate) fn bytes(image: &str, before: &[String], scratch: &Path) -> Result<u64, Error> {
    let known: BTreeSet<&String> = before.iter().collect();
    let now = layers(image)?;
    let folder = tempfile::TempDir::new_in(scratch)?;
    let place = Place::new(folder.path());
    place.run(&["docker", "save", "--output", "image.tar", image])?;
    place.run(&["tar", "-xf", "image.tar"])?;
    let path = folder.path().join("manifest.json");
    let manifest = std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
    let mut sum = 0;
    for (layer, file) in now.iter().zip(files(&manifest)) {
        if !known.contains(layer) {
            sum += compressed(&place, file)?;
        }
    }
    Ok(sum)
}

/// How long a file is, compressed as engines do it.
pub(crate) fn compressed(place: &Place, file: &str) -> Result<u64, Error> {
    let script = r#"gzip --no-name --stdout "$1" | wc -c"#;
    let said = place.run(&["bash", "-o", "pipefail", "-c", script, "compress", file])?;
    said.trim().parse().map_err(|_| Error::Load {
        program: "gzip",
        wanted: "a number",
        said,
    })
}

/// The layers' files, from the list of names in an archive's manifest.
fn files(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .split_once("\"Layers\":[")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list)
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_of_the_manifest() {
        let manifest = r#"[{"Config":"c.json","RepoTags":["a:latest"],"Layers":["1/layer.tar","2/layer.tar"]}]"#;
        assert_eq!(
            files(manifest).collect::<Vec<_>>(),
            ["1/layer.tar", "2/layer.tar"]
        );
    }
}
