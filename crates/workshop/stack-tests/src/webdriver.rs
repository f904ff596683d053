//! A real browser, Chromium without a window, driven through `WebDriver`
//! (<https://www.w3.org/TR/webdriver2/>): each command is one request with JSON, sent by curl.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    client::openssl,
    program::{self, eventually},
    stack::{Stack, free_port},
};

/// How long a browser may take to start, and a page to load, on a busy machine.
const SLOW: Duration = Duration::from_mins(1);

/// A browser with an empty profile; dropped, it ends and its profile is removed.
pub struct Browser {
    driver: Child,
    url: String,
    folder: PathBuf,
}

impl Browser {
    /// Starts one that trusts the stack's certificate, and no other that a public authority did
    /// not sign; `flags` are further ones of Chromium's.
    pub fn start(stack: &Stack, name: &str, flags: &[String]) -> Self {
        let folder = stack.folder(name);
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            // Chromium keeps caches and settings there, too.
            .env("HOME", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|why| panic!("chromedriver: cannot be started: {why}"));
        let mut browser = Self {
            driver,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        };
        eventually("chromedriver is ready", SLOW, || {
            let status = browser.try_send("GET", "/status", &json!({})).ok()?;
            (status["ready"] == true).then_some(())
        });

        let mut arguments = vec![
            "--headless".to_owned(),
            // Everything in its sandbox is ours, and its sandbox needs a user other than root.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            // It asks nobody but the stack.
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-first-run".to_owned(),
            "--no-proxy-server".to_owned(),
            format!(
                "--user-data-dir={}",
                browser.folder.join("profile").display()
            ),
            format!(
                "--ignore-certificate-errors-spki-list={}",
                browser.pin(stack)
            ),
        ];
        arguments.extend_from_slice(flags);
        let session = browser.send(
            "POST",
            "/session",
            &json!({ "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": { "binary": in_path("chromium"), "args": arguments },
                "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            } } }),
        );
        let id = session["sessionId"].as_str().expect("a session");
        browser.url = format!("{}/session/{id}", browser.url);
        browser
    }

    /// The hash of the public key of the stack's certificate, as Chromium wants it.
    fn pin(&self, stack: &Stack) -> String {
        let file = |name: &str| {
            let path = self.folder.join(name);
            path.to_str().expect("a path in UTF-8").to_owned()
        };
        let (certificate, key) = (file("tls.crt"), file("key.pem"));
        let (der, hash) = (file("key.der"), file("key.sha256"));
        stack.composed(&["cp", "nginx:/etc/nginx/tls/tls.crt", &certificate]);
        openssl(&[
            "x509",
            "-in",
            &certificate,
            "-noout",
            "-pubkey",
            "-out",
            &key,
        ]);
        openssl(&[
            "pkey", "-pubin", "-in", &key, "-outform", "DER", "-out", &der,
        ]);
        openssl(&["dgst", "-sha256", "-binary", "-out", &hash, &der]);
        openssl(&["base64", "-A", "-in", &hash])
    }

    /// Loads a page, to its end.
    pub fn open(&self, url: &str) {
        self.send("POST", "/url", &json!({ "url": url }));
    }

    /// What the body of a JavaScript function returns.
    pub fn run(&self, script: &str) -> Value {
        self.send(
            "POST",
            "/execute/sync",
            &json!({ "script": script, "args": [] }),
        )
    }

    /// As [`Browser::run`], for a body that calls `done` when it has its result.
    pub fn run_until_done(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1];\n{script}");
        self.send(
            "POST",
            "/execute/async",
            &json!({ "script": script, "args": [] }),
        )
    }

    /// Waits until the expression is true.
    pub fn until(&self, expression: &str) {
        eventually(expression, SLOW, || {
            (self.run(&format!("return Boolean({expression})")) == true).then_some(())
        });
    }

    /// Presses keys, as a person would who has no mouse; the key codes are `WebDriver`'s.
    pub fn press(&self, keys: &str) {
        let actions: Vec<_> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        self.send(
            "POST",
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        );
    }

    /// A command of Chromium's own protocol: <https://chromedevtools.github.io/devtools-protocol/>.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.send(
            "POST",
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
    }

    /// Width and height of what is seen of a page, in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        );
    }

    /// `light` or `dark`.
    pub fn prefer(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        );
    }

    /// What was logged since the last call: `browser` is the console, `performance` the
    /// events of Chromium's own protocol.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.send("POST", "/se/log", &json!({ "type": kind }));
        log.as_array().expect("a list").clone()
    }

    /// The whole page as a picture, for people to look at, where `DRYDOCK_SCREENSHOTS` names a
    /// folder.
    pub fn screenshot(&self, name: &str) {
        let Some(folder) = env::var_os("DRYDOCK_SCREENSHOTS") else {
            return;
        };
        let height = self.run("return document.documentElement.scrollHeight");
        let width = self.run("return innerWidth");
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let picture = self.devtools(
            "Page.captureScreenshot",
            &json!({ "clip": clip, "captureBeyondViewport": true }),
        );
        let encoded = self.folder.join("screenshot");
        let text = picture["data"].as_str().expect("a picture");
        fs::write(&encoded, text).expect("the picture is written");
        let file = Path::new(&folder).join(format!("{name}.png"));
        let path = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        openssl(&[
            "base64",
            "-d",
            "-A",
            "-in",
            &path(&encoded),
            "-out",
            &path(&file),
        ]);
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_send(method, path, body)
            .unwrap_or_else(|why| panic!("{method} {path}: {why}"))
    }

    fn try_send(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        // Longer than a command line may be.
        let file = self.folder.join("request.json");
        fs::write(&file, body.to_string()).expect("the request is written");
        let mut command = Command::new("curl");
        command
            .args(["--disable", "--silent", "--show-error", "--noproxy", "*"])
            .args(["--request", method, "--header"])
            .arg("Content-Type: application/json");
        if method == "POST" {
            command
                .arg("--data-binary")
                .arg(format!("@{}", file.display()));
        }
        command.arg(format!("{}{path}", self.url));
        let output = program::run(&mut command, SLOW);
        if !output.success {
            return Err(output.stderr);
        }
        let mut answer: Value = serde_json::from_str(&output.stdout)
            .map_err(|why| format!("{why}: {}", output.stdout))?;
        let value = answer["value"].take();
        match value.get("error") {
            Some(error) => Err(format!("{error}: {}", value["message"])),
            None => Ok(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session, which the driver alone would leave behind.
        let _ = self.try_send("DELETE", "", &json!({}));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where a program is that is started by its name.
fn in_path(program: &str) -> PathBuf {
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{program} is not in PATH"))
}
