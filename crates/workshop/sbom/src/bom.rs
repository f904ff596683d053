//! CycloneDX 1.6, as far as it is written and read here:
//! <https://cyclonedx.org/docs/1.6/json/>

use serde::{Deserialize, Serialize};

use crate::{
    inventory::{Component as Found, File, Inventory, Origin},
    license,
};

/// Of one image.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bom {
    #[serde(rename = "$schema")]
    schema: String,
    #[serde(rename = "bomFormat")]
    format: String,
    spec_version: String,
    version: u32,
    pub(crate) metadata: Metadata,
    pub(crate) components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Metadata {
    /// The image.
    pub(crate) component: Component,
}

/// A package, a crate, a file, or the image.
#[derive(Deserialize, Serialize)]
pub(crate) struct Component {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(rename = "bom-ref")]
    pub(crate) reference: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hashes: Vec<Hash>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) purl: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pedigree: Option<Pedigree>,
    /// Its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) components: Vec<Component>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Hash {
    pub(crate) alg: String,
    pub(crate) content: String,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum License {
    Expression { expression: String },
    Named { license: Name },
}

#[derive(Deserialize, Serialize)]
struct Pedigree {
    patches: Vec<Patch>,
}

#[derive(Deserialize, Serialize)]
struct Patch {
    #[serde(rename = "type")]
    kind: String,
    diff: Diff,
}

#[derive(Deserialize, Serialize)]
struct Diff {
    url: String,
}

#[derive(Deserialize, Serialize)]
struct Name {
    name: String,
}

#[derive(Deserialize, Serialize)]
struct Property {
    name: String,
    value: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

/// Where what is installed is: a store path, or the program that a crate is linked into.
const PATH: &str = "drydock:path";
const BYTES: &str = "drydock:bytes";
const LAYER: &str = "drydock:layer";
const CONFIGURATION: &str = "drydock:configuration";
const PLATFORM: &str = "drydock:platform";
/// What is said of one that states no licence.
const NO_LICENSE: &str = "none stated";

impl Bom {
    pub(crate) fn of(inventory: &Inventory) -> Self {
        let mut properties = vec![
            property(PLATFORM, &inventory.platform),
            property(CONFIGURATION, format!("sha256:{}", inventory.config)),
        ];
        for layer in &inventory.layers {
            properties.push(property(
                LAYER,
                format!("sha256:{} {}", layer.digest, layer.name),
            ));
        }
        let dependencies = inventory.components.iter().map(|component| Dependency {
            reference: reference(component),
            depends_on: component
                .needs
                .iter()
                .map(|at| reference(&inventory.components[*at]))
                .collect(),
        });
        Self {
            schema: "http://cyclonedx.org/schema/bom-1.6.schema.json".to_owned(),
            format: "CycloneDX".to_owned(),
            spec_version: "1.6".to_owned(),
            version: 1,
            metadata: Metadata {
                component: Component {
                    properties,
                    version: inventory.version.clone(),
                    ..Component::new(
                        "container",
                        format!("image {}", inventory.name),
                        inventory.name.clone(),
                    )
                },
            },
            components: inventory.components.iter().map(component).collect(),
            dependencies: dependencies.collect(),
        }
    }

    /// Which components need this one; the image's own files, links to programs among them, are the
    /// image.
    pub(crate) fn needed_by(&self, component: &Component) -> Vec<&Component> {
        let needing = self
            .dependencies
            .iter()
            .filter(|one| one.depends_on.contains(&component.reference));
        needing
            .filter_map(|one| {
                self.components
                    .iter()
                    .find(|other| other.reference == one.reference)
            })
            .filter(|other| !other.path().is_empty())
            .collect()
    }

    /// The image's name.
    pub(crate) fn name(&self) -> &str {
        &self.metadata.component.name
    }

    /// Of the layers from the lowest to the highest: the digest, and the names of the store paths.
    pub(crate) fn layers(&self) -> Vec<(&str, &str)> {
        let layers = self.metadata.component.all(LAYER);
        layers.filter_map(|layer| layer.split_once(' ')).collect()
    }

    /// The digest of the image's configuration.
    pub(crate) fn configuration(&self) -> &str {
        self.metadata.component.property(CONFIGURATION)
    }
}

impl Component {
    fn new(kind: &str, reference: String, name: String) -> Self {
        Self {
            kind: kind.to_owned(),
            reference,
            name,
            version: String::new(),
            hashes: Vec::new(),
            licenses: Vec::new(),
            purl: String::new(),
            pedigree: None,
            components: Vec::new(),
            properties: Vec::new(),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let properties = self.properties.iter().filter(move |one| one.name == name);
        properties.map(|one| one.value.as_str())
    }

    fn property(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// A store path, or that of the program that it is linked into.
    pub(crate) fn path(&self) -> &str {
        self.property(PATH)
    }

    /// Of its files, or of the file.
    pub(crate) fn bytes(&self) -> u64 {
        let own: u64 = self.property(BYTES).parse().unwrap_or_default();
        own + self.components.iter().map(Self::bytes).sum::<u64>()
    }

    /// The number of the layer that a file is in.
    pub(crate) fn layer(&self) -> usize {
        self.property(LAYER).parse().unwrap_or_default()
    }

    /// The licence, or what is said where none is stated.
    pub(crate) fn license(&self) -> &str {
        match self.licenses.first() {
            Some(License::Expression { expression }) => expression,
            Some(License::Named { license }) => &license.name,
            None => NO_LICENSE,
        }
    }
}

/// What is the same for two of them is one thing.
pub(crate) fn reference(component: &Found) -> String {
    match component.kind {
        Origin::Files if component.path.is_empty() => "files".to_owned(),
        Origin::Files => component.path.clone(),
        Origin::Linked => format!("{} in {}", component.part.purl, component.path),
    }
}

fn component(found: &Found) -> Component {
    let part = &found.part;
    let (alg, content) = found.hash.clone();
    let stated = part.license.as_deref().map(license::expression);
    let path = (!found.path.is_empty()).then(|| property(PATH, &found.path));
    let patches: Vec<_> = part
        .patches
        .iter()
        .map(|patch| Patch {
            kind: "unofficial".to_owned(),
            diff: Diff { url: patch.clone() },
        })
        .collect();
    Component {
        version: part.version.clone(),
        hashes: vec![Hash {
            alg: alg.to_owned(),
            content,
        }],
        licenses: vec![match stated {
            Some(expression) => License::Expression { expression },
            None => License::Named {
                license: Name {
                    name: NO_LICENSE.to_owned(),
                },
            },
        }],
        purl: part.purl.clone(),
        pedigree: (!patches.is_empty()).then_some(Pedigree { patches }),
        components: found.files.iter().map(file).collect(),
        properties: path.into_iter().collect(),
        ..Component::new("library", reference(found), part.name.clone())
    }
}

fn file(file: &File) -> Component {
    Component {
        hashes: vec![Hash {
            alg: "SHA-256".to_owned(),
            content: file.sha256.clone(),
        }],
        properties: vec![
            property(BYTES, file.bytes.to_string()),
            property(LAYER, file.layer.to_string()),
        ],
        ..Component::new("file", format!("file {}", file.path), file.path.clone())
    }
}

fn property(name: &str, value: impl Into<String>) -> Property {
    Property {
        name: name.to_owned(),
        value: value.into(),
    }
}
