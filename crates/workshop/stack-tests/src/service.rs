//! The service behind the edge: all that these tests have to be told of it. What is asked of
//! any service besides is that of the chassis: 404 where nothing is, and a line of JSON in its
//! log for each request, with `method` and `path`.

use std::{env, fs, path::Path, sync::OnceLock};

use serde::Deserialize;

/// Names the file that describes the service, as JSON.
pub const FILE: &str = "DRYDOCK_SERVICE";

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Service {
    /// The first part of the images' names: `drydock` in `drydock/app`.
    pub repository: String,
    /// The last part of the name of the service's image.
    pub name: String,
    /// The TCP port that it serves HTTP/1.1 on, in its container.
    pub port: u16,
    /// The path that answers 200 when it can take requests, as its image's health check asks.
    pub ready_path: String,
    /// A path at which the edge has a GET answered with 200.
    pub path: String,
    /// A part of the answer that `up` prints.
    pub answer: String,
    /// Whether it is Drydock's reference service, and keeps that one's promises as well.
    #[serde(default)]
    pub reference: bool,
}

impl Service {
    /// The service's image.
    pub fn image(&self) -> String {
        format!("{}/{}", self.repository, self.name)
    }

    /// The edge's image.
    pub fn edge_image(&self) -> String {
        format!("{}/nginx", self.repository)
    }

    fn read(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let text = fs::read_to_string(file).map_err(|why| format!("{FILE}: {shown}: {why}"))?;
        let service: Self =
            serde_json::from_str(&text).map_err(|why| format!("{FILE}: {shown}: {why}"))?;
        for (key, path) in [("readyPath", &service.ready_path), ("path", &service.path)] {
            if !path.starts_with('/') {
                return Err(format!(
                    "{FILE}: {shown}: {key} is {path:?}; a path starts with a slash"
                ));
            }
        }
        if service.port == 0 {
            return Err(format!("{FILE}: {shown}: port is 0; it is from 1 to 65535"));
        }
        Ok(service)
    }
}

static SERVICE: OnceLock<Service> = OnceLock::new();

/// Reads the file that [`FILE`] names.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn load() -> Result<(), String> {
    let file = env::var_os(FILE)
        .ok_or_else(|| format!("{FILE} names no file; ./drydock test writes one"))?;
    let service = Service::read(Path::new(&file))?;
    SERVICE.get_or_init(|| service);
    Ok(())
}

/// The service that is tested.
///
/// # Panics
/// Before [`load`].
pub fn service() -> &'static Service {
    SERVICE.get().expect("main reads the service first")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Service, String> {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("stack-tests-{}-{number}.json", std::process::id());
        let file = env::temp_dir().join(name);
        fs::write(&file, text).expect("the file is written");
        let service = Service::read(&file);
        fs::remove_file(file).expect("it is removed");
        service
    }

    const GOOD: &str = r#"{"repository": "r", "name": "n", "port": 8000, "readyPath": "/r", "path": "/", "answer": "a"}"#;

    #[test]
    fn another_service_is_not_the_reference() {
        let service = read(GOOD).expect("it is read");
        assert!(!service.reference);
        assert_eq!(
            (service.image(), service.edge_image()),
            ("r/n".into(), "r/nginx".into())
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (good, bad, word) in [
            ("8000", "0", "port is 0"),
            ("8000", "80000", "80000"),
            ("\"/r\"", "\"r\"", "readyPath is \"r\""),
            ("\"/\"", "\"x\"", "path is \"x\""),
            ("\"answer\"", "\"anwser\"", "anwser"),
            (", \"answer\": \"a\"", "", "answer"),
        ] {
            let why = read(&GOOD.replace(good, bad)).expect_err(bad);
            assert!(why.contains(word) && why.contains(FILE), "{bad}: {why}");
        }
    }
}
