//! The rules: one method for each kind of fact.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use serde_json::{Map, Value};

use crate::{
    entries::{Entry, Kind},
    facts::{Facts, FileFact},
    image::{Image, Layer},
    inside::Inside,
    limits, names,
    pattern::{any_fits, fits},
};

/// Facts, ready to be applied.
pub(crate) struct Rules<'a> {
    facts: &'a Facts,
}

type Findings = Vec<String>;

impl<'a> Rules<'a> {
    pub(crate) fn new(facts: &'a Facts) -> Self {
        Self { facts }
    }

    /// A sentence for each fact that does not hold.
    pub(crate) fn judge(&self, image: &Image) -> Findings {
        let mut found = self.config(image);
        found.extend(
            image
                .in_config
                .iter()
                .map(|name| format!("the configuration holds {name}")),
        );
        found.extend_from_slice(&image.in_environment);
        found.extend(self.made(image));
        found.extend(Self::tree(image));
        for layer in &image.layers {
            for (entry, inside) in &layer.kept {
                self.entry(entry, inside, &mut found);
            }
        }
        found.extend(self.named(image));
        found.extend(self.closure(image));
        found.extend(self.accounted(image));
        found.extend(self.cut(image));
        found.extend(self.weight(image));
        let more = found.len().saturating_sub(limits::FINDINGS);
        found.truncate(limits::FINDINGS);
        if more > 0 {
            found.push(format!("and {more} more"));
        }
        found
    }

    fn config(&self, image: &Image) -> Findings {
        let facts = self.facts;
        let none = Map::new();
        let config = image.config.as_object().unwrap_or(&none);
        let mut found = Findings::new();
        let mut same = |what: &str, expected: Value, is: Value| {
            if expected != is {
                found.push(format!("{what}: {is}, expected {expected}"));
            }
        };
        let get = |key: &str, empty: Value| match config.get(key) {
            None | Some(Value::Null) => empty,
            Some(value) => value.clone(),
        };
        let text = |key| get(key, "".into());
        let list = |key| get(key, Vec::<Value>::new().into());
        let keys = |key| match get(key, Map::new().into()) {
            Value::Object(map) => map.keys().cloned().collect::<Vec<_>>().into(),
            other => other,
        };
        let mut tags = image.tags.clone();
        tags.sort();
        same("tags", facts.tags.clone().into(), tags.into());
        same("user", facts.user.clone().into(), text("User"));
        same("command", facts.command.clone().into(), list("Cmd"));
        same(
            "working directory",
            facts.working_directory.clone().into(),
            text("WorkingDir"),
        );
        same("ports", facts.ports.clone().into(), keys("ExposedPorts"));
        same("volumes", facts.volumes.clone().into(), keys("Volumes"));
        same(
            "stop signal",
            facts.stop_signal.clone().into(),
            text("StopSignal"),
        );
        let health = facts
            .health_check
            .clone()
            .into_iter()
            .collect::<Map<_, _>>();
        same(
            "health check",
            health.into(),
            get("Healthcheck", Map::new().into()),
        );

        let entry_point = strings(&list("Entrypoint"));
        let fit = entry_point.len() == facts.entry_point.len()
            && facts
                .entry_point
                .iter()
                .zip(&entry_point)
                .all(|(pattern, is)| fits(pattern, is));
        if !fit {
            found.push(format!(
                "entry point: {entry_point:?}, expected {:?}",
                facts.entry_point
            ));
        }
        // In whatever order.
        let environment = strings(&list("Env"));
        let fit = environment.len() == facts.environment.len()
            && facts
                .environment
                .iter()
                .all(|pattern| environment.iter().any(|is| fits(pattern, is)))
            && environment
                .iter()
                .all(|is| facts.environment.iter().any(|pattern| fits(pattern, is)));
        if !fit {
            found.push(format!(
                "environment: {environment:?}, expected {:?}",
                facts.environment
            ));
        }
        found.extend(
            entry_point
                .first()
                .and_then(|program| missing_program(image, program)),
        );
        found.extend(self.labels(config));
        let known = [
            "User",
            "Cmd",
            "Env",
            "WorkingDir",
            "ExposedPorts",
            "Volumes",
            "StopSignal",
            "Healthcheck",
            "Entrypoint",
            "Labels",
        ];
        for key in config.keys().filter(|key| !known.contains(&key.as_str())) {
            found.push(format!(
                "the configuration has {key}, of which no fact speaks"
            ));
        }
        found
    }

    fn labels(&self, config: &Map<String, Value>) -> Findings {
        let facts = &self.facts.labels;
        let none = Map::new();
        let labels = config
            .get("Labels")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let mut found = Findings::new();
        for key in labels.keys().chain(facts.keys()).collect::<BTreeSet<_>>() {
            let is = labels
                .get(key)
                .map(|value| value.as_str().unwrap_or_default());
            let expected = facts.get(key).map(String::as_str);
            match (is, expected) {
                (Some(is), Some(expected)) if fits(expected, is) => {}
                _ => found.push(format!("label {key}: {is:?}, expected {expected:?}")),
            }
        }
        found
    }

    /// What it runs on, and when it was made.
    fn made(&self, image: &Image) -> Findings {
        let made = &image.made;
        let mut found = Findings::new();
        let platform = format!("{}/{}", made.os, made.architecture);
        if !self.facts.platforms.contains(&platform) {
            found.push(format!(
                "platform: {platform:?}, expected one of {:?}",
                self.facts.platforms
            ));
        }
        for (entry, inside) in entries(image) {
            if let Some(elf) = &inside.elf
                && elf.architecture != made.architecture
            {
                found.push(format!(
                    "{}: is for {}, and the image for {}",
                    entry.path, elf.architecture, made.architecture
                ));
            }
        }
        let times = [("the image", &made.created)].into_iter();
        let steps = made.history.iter().map(|step| ("a layer", &step.created));
        for (what, time) in times.chain(steps) {
            if !fits(&self.facts.created, time) {
                found.push(format!(
                    "created: {what} at {time:?}, expected {:?}",
                    self.facts.created
                ));
            }
        }
        found
    }

    /// What the layers make of each other: an image ships nothing twice, deletes nothing, and
    /// no path leads through a link.
    fn tree(image: &Image) -> Findings {
        let mut found = Findings::new();
        let mut kinds: HashMap<&str, Kind> = HashMap::new();
        for (entry, _) in entries(image) {
            let path = entry.path.as_str();
            if name_of(path).starts_with(".wh.") {
                found.push(format!(
                    "{path}: a whiteout, which deletes what is in a layer below"
                ));
            }
            let folder_again = |kind: &Kind| *kind == Kind::Folder && entry.kind == Kind::Folder;
            if kinds.get(path).is_some_and(|kind| !folder_again(kind)) {
                found.push(format!("{path}: is there twice"));
            }
            let linked = parents(path).find(|p| kinds.get(p).is_some_and(|k| *k != Kind::Folder));
            if let Some(parent) = linked {
                found.push(format!(
                    "{path}: leads through {parent}, which is no folder"
                ));
            }
            if entry.kind == Kind::HardLink {
                let target = format!("/{}", entry.target.trim_start_matches("./"));
                if kinds.get(target.as_str()) != Some(&Kind::File) {
                    found.push(format!("{path}: a hard link to {target}, which is no file"));
                }
            }
            kinds.insert(path, entry.kind);
        }
        found
    }

    fn entry(&self, entry: &Entry, inside: &Inside, found: &mut Findings) {
        const SET_ID: u32 = 0o6000;
        const WORLD_WRITABLE: u32 = 0o002;
        let facts = self.facts;
        let path = entry.path.as_str();
        // A folder's set-gid bit counts as well; a link has no mode of its own.
        if entry.mode & SET_ID != 0 && !any_fits(&facts.set_id, path) {
            found.push(format!(
                "{path}: set-uid or set-gid, mode {:04o}",
                entry.mode
            ));
        }
        let open = entry.kind != Kind::Symlink && entry.mode & WORLD_WRITABLE != 0;
        if open && !facts.world_writable.contains_key(path) {
            found.push(format!(
                "{path}: anybody may write to it, mode {:04o}",
                entry.mode
            ));
        }
        if (entry.uid, entry.gid) != (0, 0) && !any_fits(&facts.not_owned_by_root, path) {
            found.push(format!(
                "{path}: belongs to {}:{}, not to root",
                entry.uid, entry.gid
            ));
        }
        if !any_fits(&facts.allowed_paths, path) {
            for (kind, patterns) in &facts.forbidden_paths {
                if any_fits(patterns, path) {
                    let allowed = names::without_hash(path);
                    found.push(format!(
                        "{path}: {kind}; allowed-paths = [{allowed:?}] lets it pass"
                    ));
                }
            }
            if inside.script {
                found.push(format!("{path}: a script, and an image has no interpreter"));
            }
        }
        found.extend(inside.forbidden.iter().map(|thing| {
            let allowed = names::without_hash(path);
            format!("{path}: holds {thing}; allowed-content = [{allowed:?}] lets it pass")
        }));
        if any_fits(&facts.linked_statically, path)
            && let Some(parts) = inside
                .elf
                .as_ref()
                .map(|elf| &elf.dynamic)
                .filter(|parts| !parts.is_empty())
        {
            found.push(format!(
                "{path}: not linked statically, it has {}",
                parts.join(" and ")
            ));
        }
        if any_fits(&facts.auditable, path) && inside.elf.is_some() {
            match &inside.auditable {
                Ok(true) => {}
                Ok(false) => found.push(format!(
                    "{path}: does not say which crates are in it, as cargo auditable would"
                )),
                Err(why) => found.push(format!("{path}: {why}")),
            }
        }
    }

    /// What the facts name has to be there.
    fn named(&self, image: &Image) -> Findings {
        let mut found = Findings::new();
        for (path, mode) in &self.facts.world_writable {
            let is = entries(image).find(|(entry, _)| entry.path == *path);
            let is = is.map_or("nothing".to_owned(), |(entry, _)| {
                format!("{:04o}", entry.mode)
            });
            if is != *mode {
                found.push(format!("{path}: {is}, expected mode {mode}"));
            }
        }
        for (path, expected) in &self.facts.files {
            let is = entries(image).find(|(entry, _)| entry.path == *path);
            let text = is.map(|(_, inside)| inside.text.as_deref().unwrap_or_default());
            match (expected, text) {
                (FileFact::There(false), None) | (FileFact::There(true), Some(_)) => {}
                (FileFact::Text(expected), Some(text)) if text == expected => {}
                (FileFact::There(false), Some(_)) => {
                    found.push(format!("{path}: is there, and must not be"));
                }
                (_, None) => found.push(format!("{path}: is not there")),
                (_, Some(text)) => {
                    found.push(format!("{path}: holds {text:?}, expected {expected:?}"));
                }
            }
        }
        let programs = [
            ("static", &self.facts.linked_statically),
            ("auditable", &self.facts.auditable),
        ];
        for (fact, patterns) in programs {
            for pattern in patterns {
                let matched = entries(image)
                    .any(|(entry, inside)| inside.elf.is_some() && fits(pattern, &entry.path));
                if !matched {
                    found.push(format!("{fact}: no program fits {pattern:?}"));
                }
            }
        }
        found
    }

    /// Each store path is a package of which the version is known.
    fn accounted(&self, image: &Image) -> Findings {
        let Some(components) = &self.facts.components else {
            return Findings::new();
        };
        let paths: BTreeSet<&str> = entries(image)
            .filter_map(|(entry, _)| names::store_path(&entry.path))
            .collect();
        let known = |path: &str| match components.get(path) {
            Some(component) => !component.version.is_empty() && !component.purl.is_empty(),
            None => !names::name_and_version(path).1.is_empty(),
        };
        let unknown = paths.into_iter().filter(|path| !known(path));
        unknown
            .map(|path| format!("components: {path} is none of which the version is known"))
            .collect()
    }

    fn closure(&self, image: &Image) -> Findings {
        let names: BTreeSet<String> = image.layers.iter().flat_map(store_names).collect();
        let wrong = names.into_iter().filter(|name| {
            !any_fits(&self.facts.closure, name) || any_fits(&self.facts.forbidden_closure, name)
        });
        wrong
            .map(|name| format!("closure: {name} must not be in it"))
            .collect()
    }

    fn cut(&self, image: &Image) -> Findings {
        let facts = &self.facts.layers;
        let mut found = Findings::new();
        if image.layers.len() > facts.at_most {
            found.push(format!(
                "layers: {}, expected at most {}",
                image.layers.len(),
                facts.at_most
            ));
        }
        let names: Vec<String> = image.layers.iter().map(layer_name).collect();
        let last = &names[names.len().saturating_sub(facts.last.len())..];
        let fit = last.len() == facts.last.len()
            && facts
                .last
                .iter()
                .zip(last)
                .all(|(pattern, name)| fits(pattern, name));
        if !fit {
            found.push(format!(
                "layers: the last ones are {last:?}, expected {:?}",
                facts.last
            ));
        }
        found
    }

    fn weight(&self, image: &Image) -> Findings {
        let packages = image.config["Labels"]["dev.drydock.packages"]
            .as_str()
            .unwrap_or_default();
        let Some(budget) = self
            .facts
            .budgets
            .iter()
            .find(|b| fits(&b.packages, packages))
        else {
            if self.facts.budgets.is_empty() {
                return Findings::new();
            }
            return vec![format!("budgets: none is for packages from {packages:?}")];
        };
        let layers_bytes = image.layers.iter().map(|layer| layer.bytes).sum();
        let weighed = [
            ("the archive", image.archive_bytes, budget.archive_bytes),
            ("the layers", layers_bytes, budget.layers_bytes),
        ];
        let over = weighed.into_iter().filter(|(_, is, at_most)| is > at_most);
        over.map(|(what, is, at_most)| {
            format!("budget: {what}: {is} bytes, expected at most {at_most}")
        })
        .collect()
    }
}

fn entries(image: &Image) -> impl Iterator<Item = &(Entry, Inside)> {
    image.layers.iter().flat_map(|layer| layer.kept.iter())
}

/// Why the program cannot be started, if so.
fn missing_program(image: &Image, program: &str) -> Option<String> {
    let is = entries(image).find(|(entry, _)| entry.path == program);
    let starts = is.is_some_and(|(entry, _)| entry.kind == Kind::File && entry.mode & 0o001 != 0);
    (!starts).then(|| format!("entry point: {program} is no program that anybody may start"))
}

fn store_names(layer: &Rc<Layer>) -> BTreeSet<String> {
    names::in_store(layer.kept.iter().map(|(entry, _)| entry.path.as_str()))
}

fn layer_name(layer: &Rc<Layer>) -> String {
    names::of_layer(layer.kept.iter().map(|(entry, _)| entry.path.as_str()))
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The folders above a path, without the root.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').skip(1).map(|(at, _)| &path[..at])
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap_or_default().to_owned())
        .collect()
}
