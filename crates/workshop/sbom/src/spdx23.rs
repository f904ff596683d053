//! SPDX 2.3, as JSON: <https://spdx.github.io/spdx-spec/v2.3/>

use std::collections::BTreeSet;

use image_facts::hex;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::{
    inventory::{Component, File, Inventory, Origin},
    license,
};

const NOT_STATED: &str = "NOASSERTION";

pub(crate) fn document(inventory: &Inventory) -> Value {
    let of = |number: usize| format!("SPDXRef-Package-{number}");
    let mut packages = vec![json!({
        "SPDXID": "SPDXRef-Image",
        "name": inventory.name,
        "versionInfo": inventory.version,
        "downloadLocation": NOT_STATED,
        "filesAnalyzed": false,
        "primaryPackagePurpose": "CONTAINER",
        "licenseConcluded": NOT_STATED,
        "licenseDeclared": NOT_STATED,
        "copyrightText": NOT_STATED,
        "checksums": [{ "algorithm": "SHA256", "checksumValue": inventory.config }],
        "comment": "The checksum is that of the configuration.",
    })];
    let mut relationships = vec![relationship(
        "SPDXRef-DOCUMENT",
        "DESCRIBES",
        "SPDXRef-Image",
    )];
    let mut files = Vec::new();
    let mut own_names = BTreeSet::new();
    for (number, component) in inventory.components.iter().enumerate() {
        let mut listed = Vec::new();
        for file in &component.files {
            let id = format!("SPDXRef-File-{}", files.len());
            files.push(file_of(&id, file));
            listed.push(id);
        }
        let stated = component.part.license.as_deref().map(license::expression);
        if let Some(stated) = &stated {
            own_names.extend(license::own_names(stated).into_iter().map(str::to_owned));
        }
        packages.push(package(
            &of(number),
            component,
            &stated.unwrap_or_else(|| NOT_STATED.to_owned()),
            &listed,
        ));
        relationships.push(relationship("SPDXRef-Image", "CONTAINS", &of(number)));
        for needed in &component.needs {
            let (word, linked) = ("DEPENDS_ON", "STATIC_LINK");
            let is_linked = inventory.components[*needed].kind == Origin::Linked
                && component.kind == Origin::Files;
            relationships.push(relationship(
                &of(number),
                if is_linked { linked } else { word },
                &of(*needed),
            ));
        }
    }
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": inventory.name,
        "documentNamespace": format!("https://spdx.org/spdxdocs/{}-{}", inventory.name.replace('/', "-"), inventory.config),
        "creationInfo": { "created": time(&inventory.created), "creators": ["Tool: drydock-sbom"] },
        "packages": packages,
        "files": files,
        "relationships": relationships,
    });
    if !own_names.is_empty() {
        document["hasExtractedLicensingInfos"] = own_names
            .into_iter()
            .map(|name| json!({ "licenseId": name, "extractedText": "It is stated by this name alone.", "name": name }))
            .collect();
    }
    document
}

fn package(id: &str, component: &Component, license: &str, files: &[String]) -> Value {
    let part = &component.part;
    let (algorithm, checksum) = &component.hash;
    let mut package = json!({
        "SPDXID": id,
        "name": part.name,
        "downloadLocation": NOT_STATED,
        "filesAnalyzed": !files.is_empty(),
        "licenseConcluded": NOT_STATED,
        "licenseDeclared": license,
        "copyrightText": NOT_STATED,
        "checksums": [{ "algorithm": algorithm.replace('-', ""), "checksumValue": checksum }],
        "externalRefs": [{ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.purl }],
    });
    if !part.version.is_empty() {
        package["versionInfo"] = json!(part.version);
    }
    if !component.path.is_empty() {
        package["sourceInfo"] = json!(match component.kind {
            Origin::Files => component.path.clone(),
            Origin::Linked => format!("linked into {}", component.path),
        });
    }
    if !part.patches.is_empty() {
        package["comment"] = json!(format!("Patched with {}.", part.patches.join(", ")));
    }
    if !files.is_empty() {
        package["hasFiles"] = json!(files);
        package["licenseInfoFromFiles"] = json!([NOT_STATED]);
        package["packageVerificationCode"] =
            json!({ "packageVerificationCodeValue": verification_code(&component.files) });
    }
    package
}

/// <https://spdx.github.io/spdx-spec/v2.3/package-information/#79-package-verification-code-field>
fn verification_code(files: &[File]) -> String {
    let mut digests: Vec<_> = files.iter().map(|file| file.sha1.as_str()).collect();
    digests.sort_unstable();
    hex(&Sha1::digest(digests.concat()))
}

fn file_of(id: &str, file: &File) -> Value {
    json!({
        "SPDXID": id,
        "fileName": format!(".{}", file.path),
        "checksums": [
            { "algorithm": "SHA1", "checksumValue": file.sha1 },
            { "algorithm": "SHA256", "checksumValue": file.sha256 },
        ],
        "licenseConcluded": NOT_STATED,
        "licenseInfoInFiles": [NOT_STATED],
        "copyrightText": NOT_STATED,
    })
}

fn relationship(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}

/// To the second, in UTC, which is all that the format takes: an image was made at no other offset.
fn time(created: &str) -> String {
    let second = created
        .get(.."1970-01-01T00:00:01".len())
        .unwrap_or("1970-01-01T00:00:01");
    format!("{second}Z")
}
