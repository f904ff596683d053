//! The page, as a person's browser has it.

use std::{collections::BTreeMap, env, fs, path::Path, sync::OnceLock};

use serde_json::{Value, json};

use crate::{
    stack::{Stack, app_digest},
    webdriver::Browser,
};

/// What fits into TCP's first flight (RFC 6928), so that a page costs no second round trip.
const WEIGHT: u64 = 14_000;

/// Widths of a small telephone, a laptop and a wall.
const SIZES: [(u32, u32); 3] = [(320, 640), (1280, 800), (2560, 1440)];

const SCHEMES: [&str; 2] = ["light", "dark"];

/// `Tab` and `Enter` of `WebDriver`'s keyboard.
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

/// The value beside a name on the page.
fn row(browser: &Browser, name: &str) -> String {
    let value = browser.run(&format!(
        "return [...document.querySelectorAll('dt')]
           .find((term) => term.textContent === '{name}')?.nextElementSibling.textContent"
    ));
    let value = value.as_str();
    value
        .unwrap_or_else(|| panic!("the page has no row {name}"))
        .to_owned()
}

/// Presses the button and waits for its answer, so many times.
fn ask(browser: &Browser, times: u32) {
    browser.run_until_done(&format!(
        "(async () => {{
           const status = document.getElementById('status');
           for (let asked = 0; asked < {times}; asked++) {{
             status.textContent = '';
             document.getElementById('ask').click();
             while (!status.textContent) await new Promise((next) => setTimeout(next));
           }}
           done();
         }})()"
    ));
}

fn bars(browser: &Browser) -> Value {
    browser.run("return document.querySelectorAll('rect').length")
}

fn assert_silent(browser: &Browser, what: &str) {
    let messages = browser.log("browser");
    assert!(messages.is_empty(), "{what}: {messages:#?}");
}

pub fn the_page_shows_what_the_server_saw() {
    let stack = Stack::shared();
    let browser = Browser::start(stack, "browser-shows", &[]);
    browser.open(&stack.https("/"));
    assert_eq!(
        browser.run("return document.querySelector('h1').textContent"),
        "It’s easier to ask forgiveness than it is to get permission."
    );
    let container = stack.inspect("app");
    let replica = container["Config"]["Hostname"].as_str().expect("a name");
    for (name, value) in [
        ("X-Forwarded-Proto", "https"),
        ("Protocol", "HTTP/2.0"),
        ("TLS version", "TLSv1.3"),
        ("Key exchange group", "X25519MLKEM768"),
        ("Replica", replica),
        ("Image digest", app_digest()),
    ] {
        assert_eq!(row(&browser, name), value, "{name}");
    }
    assert!(row(&browser, "Cipher").starts_with("TLS_"));
    let address = row(&browser, "Address");
    assert_eq!(row(&browser, "X-Forwarded-For"), address);
    assert_eq!(row(&browser, "X-Real-IP"), address);
    assert_eq!(row(&browser, "Request id").len(), 32);
    assert_eq!(browser.run("return document.cookie"), "");
    assert_silent(&browser, "the page");
}

pub fn the_button_asks_again_and_the_chart_fills() {
    let stack = Stack::shared();
    let browser = Browser::start(stack, "browser-button", &[]);
    browser.open(&stack.https("/"));
    browser.until("document.querySelector('button#ask')");
    browser.run("window.notReloaded = true");

    // With the keyboard alone, and again with the mouse.
    let first = row(&browser, "Request id");
    browser.press(TAB);
    assert_eq!(browser.run("return document.activeElement.id"), "ask");
    browser.press(ENTER);
    browser.until("document.querySelectorAll('rect').length === 1");
    assert_ne!(row(&browser, "Request id"), first);
    assert_eq!(browser.run("return document.activeElement.id"), "ask");
    let announced = browser.run("return document.querySelector('[role=status]').textContent");
    let announced = announced.as_str().expect("a text");
    assert!(announced.starts_with("Answered in "), "{announced}");
    assert!(announced.ends_with(" ms."), "{announced}");

    // One more than there are bars.
    ask(&browser, 29);
    assert_eq!(bars(&browser), 30);
    let id = row(&browser, "Request id");
    ask(&browser, 1);
    assert_eq!(bars(&browser), 30);
    assert_ne!(row(&browser, "Request id"), id);
    let label = browser.run("return document.querySelector('svg').getAttribute('aria-label')");
    let label = label.as_str().expect("a label");
    assert_eq!(label.matches(" ms").count(), 30, "{label}");
    let heights = browser.run(
        "return [...document.querySelectorAll('rect')].map((bar) => +bar.getAttribute('height'))",
    );
    let heights: Vec<_> = heights
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    assert!(heights.iter().all(|height| (1.0..=64.0).contains(height)));
    assert!(heights.contains(&64.0), "{heights:?}");
    assert_eq!(browser.run("return window.notReloaded"), true);
    assert_silent(&browser, "asking again");
}

pub fn without_javascript_the_button_is_a_link() {
    let stack = Stack::shared();
    let browser = Browser::start(stack, "browser-plain", &[]);
    browser.devtools(
        "Emulation.setScriptExecutionDisabled",
        &json!({ "value": true }),
    );
    let url = stack.https("/");
    browser.open(&url);
    // What WebDriver itself runs is not the page's.
    assert_eq!(
        browser.run("return document.getElementById('ask').href"),
        url
    );
    assert_eq!(
        browser.run("return getComputedStyle(document.getElementById('chart')).display"),
        "none"
    );
    let first = row(&browser, "Request id");
    browser.press(TAB);
    browser.press(ENTER);
    browser.until(&format!("!document.body.textContent.includes('{first}')"));
    assert_eq!(row(&browser, "Request id").len(), 32);
    browser.screenshot("without-javascript");
    assert_silent(&browser, "without JavaScript");
}

pub fn it_fits_every_screen_in_light_and_dark_and_bars_nobody() {
    let stack = Stack::shared();
    let browser = Browser::start(stack, "browser-fits", &[]);
    let mut backgrounds = BTreeMap::new();
    for (page, path) in [("page", "/"), ("error", "/nothing-here")] {
        for scheme in SCHEMES {
            for (width, height) in SIZES {
                let what = format!("{page}-{scheme}-{width}");
                browser.resize(width, height);
                browser.prefer(scheme);
                browser.open(&stack.https(path));
                if page == "page" {
                    ask(&browser, 30);
                }
                let overflow = browser
                    .run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
                assert_eq!(overflow, 0, "{what}: scrolls sideways");
                let colour = browser
                    .run("return getComputedStyle(document.documentElement).backgroundColor");
                backgrounds.entry(scheme).or_insert_with(|| colour.clone());
                assert_eq!(backgrounds[scheme], colour, "{what}");

                assert_bars_nobody(&browser, &what);
                browser.screenshot(&what);
            }
        }
    }
    assert_ne!(backgrounds["light"], backgrounds["dark"]);
    // The browser says by itself that a page was a 404.
    let messages = browser.log("browser");
    assert!(
        messages
            .iter()
            .all(|message| message.to_string().contains("404")),
        "{messages:#?}"
    );
}

/// By axe-core, which finds what makes a page hard to use for some people.
fn assert_bars_nobody(browser: &Browser, what: &str) {
    let axe = env::var("DRYDOCK_AXE").expect("DRYDOCK_AXE names axe-core's axe.min.js");
    let axe = fs::read_to_string(&axe).unwrap_or_else(|why| panic!("{axe}: {why}"));
    let violations = browser.run_until_done(&format!(
        "{axe}\naxe.run().then(({{ violations, passes }}) => done({{
           passes: passes.length,
           violations: violations.map(({{ id, nodes }}) => [id, nodes.map((node) => node.html)]),
         }}))"
    ));
    assert!(
        violations["passes"].as_u64() > Some(10),
        "{what}: {violations}"
    );
    assert_eq!(violations["violations"], json!([]), "{what}");
}

pub fn the_page_of_what_an_image_is_made_of_shows_it_and_bars_nobody() {
    let stack = Stack::shared();
    let browser = Browser::start(stack, "browser-report", &[]);
    let folder = env::var("DRYDOCK_REPORT").expect("DRYDOCK_REPORT names what .#report gave");
    for (image, component) in [("app", "actix-web"), ("nginx", "openssl")] {
        browser.open(&format!("file://{folder}/{image}.html"));
        for scheme in SCHEMES {
            for (width, height) in SIZES {
                let what = format!("report-{image}-{scheme}-{width}");
                browser.resize(width, height);
                browser.prefer(scheme);
                let overflow = browser
                    .run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
                assert_eq!(overflow, 0, "{what}: scrolls sideways");
                assert_bars_nobody(&browser, &what);
                browser.screenshot(&what);
            }
        }
        let rows = format!(
            "return [...document.querySelectorAll('tr[id] th')].some((cell) => cell.textContent === '{component}')"
        );
        assert_eq!(
            browser.run(&rows),
            true,
            "{image} has no row of {component}"
        );
        // The areas are all of the picture.
        let covered = browser.run(
            "return [...document.querySelectorAll('rect')].reduce((sum, { width, height }) => sum + width.baseVal.value * height.baseVal.value, 0) / (1200 * 640)",
        );
        let covered = covered.as_f64().expect("a number");
        assert!((0.98..1.02).contains(&covered), "{image}: {covered}");
        // By the keyboard, from an area to its row.
        let leads = browser.run(
            "const area = document.querySelector('svg a'); area.focus(); return area.href.baseVal",
        );
        browser.press(ENTER);
        let leads = leads.as_str().expect("a link").to_owned();
        browser.until(&format!("location.hash === '{leads}'"));
        browser.until("document.querySelector('tr:target')");
    }
    assert_silent(&browser, "the pages of the images");
}

/// What one visit moved over the wire: for each request its URL, protocol and bytes.
fn visit(browser: &Browser, url: &str) -> Vec<(String, String, u64)> {
    browser.devtools("Network.enable", &json!({}));
    browser.log("performance");
    browser.open(url);
    // The icon comes when everything else is there.
    browser.until("performance.getEntriesByType('navigation')[0].loadEventEnd");
    let mut answers = BTreeMap::new();
    let mut moved = Vec::new();
    crate::program::eventually(
        "the icon arrives",
        std::time::Duration::from_secs(20),
        || {
            for entry in browser.log("performance") {
                let text = entry["message"].as_str()?;
                let event: Value = serde_json::from_str(text).ok()?;
                let event = &event["message"];
                let parameters = &event["params"];
                let id = parameters["requestId"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                match event["method"].as_str() {
                    Some("Network.responseReceived") => {
                        let response = &parameters["response"];
                        answers.insert(id, (response["url"].clone(), response["protocol"].clone()));
                    }
                    Some("Network.loadingFinished") => {
                        let bytes = parameters["encodedDataLength"].as_f64()?;
                        if let Some((url, protocol)) = answers.remove(&id) {
                            let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
                            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                            moved.push((text(url), text(protocol), bytes as u64));
                        }
                    }
                    _ => {}
                }
            }
            moved
                .iter()
                .any(|(url, ..)| Path::new(url).extension() == Some("svg".as_ref()))
                .then_some(())
        },
    );
    moved
}

pub fn a_visit_costs_one_flight_of_packets_over_http_2_and_3() {
    static PAINT: OnceLock<()> = OnceLock::new();
    let stack = Stack::shared();
    let origin = stack.https("/");
    let quic = format!("--origin-to-force-quic-on=localhost:{}", stack.https_port());
    for (protocol, name, flags) in [("h2", "HTTP/2.0", vec![]), ("h3", "HTTP/3.0", vec![quic])] {
        let browser = Browser::start(stack, &format!("browser-{protocol}"), &flags);
        let moved = visit(&browser, &origin);
        assert_eq!(moved.len(), 4, "page, style, script, icon: {moved:#?}");
        for (url, used, _) in &moved {
            assert!(url.starts_with(&origin), "asks somebody else: {url}");
            assert_eq!(used, protocol, "{url}");
        }
        let weight: u64 = moved.iter().map(|(.., bytes)| bytes).sum();
        assert!(weight <= WEIGHT, "{weight} bytes: {moved:#?}");
        assert_eq!(row(&browser, "Protocol"), name);
        // Nothing but the style is waited for before the first paint.
        let blocking = browser.run(
            "return performance.getEntriesByType('resource')
               .filter((entry) => entry.renderBlockingStatus === 'blocking')
               .map((entry) => new URL(entry.name).pathname.split('.').pop())",
        );
        assert_eq!(blocking, json!(["css"]));
        let painted = browser
            .run("return performance.getEntriesByName('first-contentful-paint')[0]?.startTime");
        PAINT.get_or_init(|| eprintln!("a visit: {weight} bytes, painted after {painted} ms"));
        assert_silent(&browser, protocol);

        // The second time, everything but the page comes from the browser's own memory.
        browser.open(&origin);
        let sizes = browser.run(
            "return performance.getEntriesByType('resource').map((entry) => entry.transferSize)",
        );
        let sizes = sizes.as_array().expect("a list");
        assert!(sizes.iter().all(|size| *size == 0), "{sizes:?}");
    }
}
