//! A registry without TLS, and images of the service, good ones and bad ones, that only it has.

use std::{
    cell::RefCell,
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::faults::understudy::{self, Flaw};
use crate::{
    program::{self, eventually},
    service::service,
    stack::docker,
};

/// How long it takes to answer.
const SOON: Duration = Duration::from_secs(45);

/// Dropped, it takes with it what the engine of this machine has of its images.
pub struct Registry {
    address: SocketAddr,
    program: Child,
    folder: PathBuf,
    /// Which pushes, by `DOCKER_HOST`, if the engine of this machine does not.
    engine: Option<String>,
    images: RefCell<Vec<String>>,
}

impl Registry {
    /// Serves what the folder is to have; at the end the engine forgets the `others` as well.
    pub fn serve(address: SocketAddr, folder: &Path, others: &[String]) -> Self {
        let file = folder.join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{address}'}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}}}\n",
            folder.join("blobs").display()
        );
        fs::write(&file, text).expect("the registry's settings are written");
        let program = Command::new("registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the registry starts");
        let registry = Self {
            address,
            program,
            folder: folder.to_owned(),
            engine: None,
            images: RefCell::new(others.to_vec()),
        };
        eventually("the registry", SOON, || TcpStream::connect(address).ok());
        registry
    }

    /// Has another engine push, which may ask the registry's address without TLS.
    pub fn pushed_by(mut self, engine: String) -> Self {
        self.engine = Some(engine);
        self
    }

    /// Where its images are, as engines call it.
    pub fn place(&self) -> String {
        format!("{}/test", self.address)
    }

    /// The service's image with a label of its own, so that it is another one.
    pub fn good(&self, label: &str) -> String {
        let name = self.name(label);
        let container = docker(&["create", &service().image()]);
        let change = format!("LABEL rollout={label}");
        docker(&["commit", "--change", &change, &container, &name]);
        docker(&["rm", &container]);
        self.push(&name)
    }

    /// The service's image, with another program in it.
    pub fn bad(&self, flaw: Flaw) -> String {
        let name = self.name(&format!("{flaw:?}").to_lowercase());
        understudy::commit(&self.folder, flaw, &name);
        self.push(&name)
    }

    fn name(&self, tag: &str) -> String {
        format!("{}/{}:{tag}", self.place(), service().name)
    }

    /// Pushes it, and has the engine forget it: what is rolled out comes from the registry.
    fn push(&self, name: &str) -> String {
        let mut pushing = vec![];
        if let Some(engine) = &self.engine {
            let archive = self.folder.join("image.tar");
            let archive = archive.to_str().expect("a path in UTF-8");
            docker(&["save", "--output", archive, name]);
            docker(&["image", "rm", name]);
            pushing = vec!["--host", engine];
            docker(&[&*pushing, &["load", "--quiet", "--input", archive]].concat());
        }
        let docker = |args: &[&str]| docker(&[&*pushing, args].concat());
        docker(&["push", "--quiet", name]);
        let format = "{{join .RepoDigests \"\\n\"}}";
        let digests = docker(&["image", "inspect", "--format", format, name]);
        let own = format!("{}/", self.address);
        let digest = digests.lines().find(|line| line.starts_with(&own));
        let digest = digest.expect("a name by digest").to_owned();
        docker(&["image", "rm", name]);
        self.images.borrow_mut().push(digest.clone());
        digest
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        // One that is not there is none to remove.
        let mut remove = Command::new("docker");
        remove
            .args(["image", "rm", "--force"])
            .args(self.images.get_mut());
        let _ = program::attempt(&mut remove, "", program::QUICK);
    }
}
