//! Chromium without a screen, driven by WebDriver (W3C): JSON over HTTP to chromedriver, one request a connection.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::programs::{folder, installed, program};
use crate::support::guard::{self, Guarded};

const PATIENCE: Duration = Duration::from_secs(30);

/// What WebDriver calls an element in its answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running browser with one window. Ends with this value.
pub struct Browser {
    session: String,
    port: u16,
    // Ends before its home goes away
    _driver: Guarded,
    _home: tempfile::TempDir,
    runs_scripts: Cell<bool>,
}

/// A driver and the port that it listens on; none where it found no port.
fn start_driver(home: &Path) -> Option<(Guarded, u16)> {
    let mut command = program(installed("chromedriver"), home);
    let said = home.join("said");
    command.args(["--port=0", "--log-level=WARNING"]).env_remove("DISPLAY").stdin(Stdio::null());
    command.stdout(File::create(&said).unwrap()).stderr(File::create(home.join("errors")).unwrap());
    let driver = guard::spawn(&mut command, None);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(&said).unwrap();
        let port = text.split_once("successfully on port ").and_then(|(_, rest)| rest.split_once('.'));
        if let Some(port) = port.and_then(|(port, _)| port.parse().ok()) {
            return Some((driver, port));
        }
        if text.contains("port not available") {
            return None;
        }
        assert!(Instant::now() < deadline, "chromedriver does not listen: {text}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Browser {
    /// Starts one that reaches this machine alone, and speaks English.
    pub fn start() -> Browser {
        Browser::speaking("en")
    }

    /// The same, with this language in its place.
    pub fn speaking(language: &str) -> Browser {
        let home = folder();
        // It takes a free port of IPv6 and wants the same of IPv4, which a server of another test may have.
        let (driver, port) =
            (0..5).find_map(|_| start_driver(home.path())).unwrap_or_else(|| panic!("no port is free five times over"));
        let mut browser =
            Browser { session: String::new(), port, _driver: driver, _home: home, runs_scripts: Cell::new(true) };
        let arguments = [
            "--headless=new",
            // Tests may run as root
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--window-size=1280,900",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        ];
        let binary = installed("chromium");
        let arguments: Vec<String> =
            arguments.iter().map(|argument| (*argument).to_owned()).chain([format!("--lang={language}")]).collect();
        let options = json!({ "args": arguments, "binary": binary, "prefs": { "intl.accept_languages": language } });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } });
        let answer = browser.request("POST", "/session", &wanted).unwrap_or_else(|error| panic!("{error}"));
        browser.session = answer["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// Opens a page, and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.call("url", &json!({ "url": url }));
    }

    /// Loads the page again, a form with it where one led there.
    pub fn reloads(&self) {
        self.call("refresh", &json!({}));
    }

    /// Forgets who is logged in.
    pub fn forget(&self) {
        let _ = self.request("DELETE", &format!("/session/{}/cookie", self.session), &json!({}));
    }

    /// Shows pages as wide as a phone or a desk does, in CSS pixels.
    pub fn is_wide(&self, width: u32) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.chromium("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Prefers light or dark pages.
    pub fn prefers(&self, scheme: &str) {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", &feature);
    }

    /// Runs none of the pages' own scripts from here on; those of a test run all the same.
    pub fn runs_no_scripts(&self) {
        self.runs_scripts.set(false);
        self.lets_scripts_run(false);
    }

    fn lets_scripts_run(&self, may: bool) {
        self.chromium("Emulation.setScriptExecutionDisabled", &json!({ "value": !may }));
    }

    /// What a script says of the page once a library is in it, which may take its time as pages' own scripts do.
    #[track_caller]
    pub fn audit(&self, library: &Path, script: &str) -> Value {
        self.lets_scripts_run(true);
        // It stays until the next page.
        if self.script("return !window.audited;") == json!(true) {
            self.script(&format!("{};window.audited = true;", fs::read_to_string(library).unwrap()));
        }
        let said = self.script(script);
        self.lets_scripts_run(self.runs_scripts.get());
        said
    }

    /// A command of Chromium's own protocol.
    #[track_caller]
    fn chromium(&self, command: &str, parameters: &Value) -> Value {
        self.call("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Presses keys, one after the other, wherever the focus is. Keys without a character have one of WebDriver's
    /// (§17.4.2).
    #[track_caller]
    pub fn presses(&self, keys: &str) {
        let stroke = |key: char| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }));
        let strokes: Vec<Value> = keys.chars().flat_map(stroke).collect();
        self.call("actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    }

    /// A picture of the whole page, as PNG.
    pub fn picture_of_all(&self, file: &Path) {
        let size = self.chromium("Page.getLayoutMetrics", &json!({}))["cssContentSize"].take();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let taken = self.chromium("Page.captureScreenshot", &json!({ "captureBeyondViewport": true, "clip": clip }));
        fs::write(file, BASE64.decode(taken["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    /// Runs a script in the page; its value is what it returns.
    #[track_caller]
    pub fn script(&self, script: &str) -> Value {
        self.call("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Runs an expression until it is something true.
    #[track_caller]
    pub fn waits(&self, what: &str, expression: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // While a page changes, there may be nothing to run it in
            let script = json!({ "script": format!("return {expression};"), "args": [] });
            let value = self.request("POST", &format!("/session/{}/execute/sync", self.session), &script);
            match value {
                Ok(value) if !matches!(value, Value::Null | Value::Bool(false)) => return value,
                other => assert!(Instant::now() < deadline, "{what}: not so: {other:?}\n{}", self.text()),
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Types into the field that a CSS selector finds, as a person would.
    #[track_caller]
    pub fn types(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.call(&format!("element/{element}/clear"), &json!({}));
        self.call(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Clicks on what a CSS selector finds.
    #[track_caller]
    pub fn clicks(&self, selector: &str) {
        self.waits(&format!("{selector} is there"), &format!("!!document.querySelector({})", json!(selector)));
        let element = self.find(selector);
        self.call(&format!("element/{element}/click"), &json!({}));
    }

    /// What the window shows as text, frames left out.
    pub fn text(&self) -> String {
        let script = json!({ "script": "return document.body.innerText;", "args": [] });
        let text = self.request("POST", &format!("/session/{}/execute/sync", self.session), &script);
        text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// A picture of the window, as PNG.
    pub fn picture(&self, file: &Path) {
        let taken = self.request("GET", &format!("/session/{}/screenshot", self.session), &json!({})).unwrap();
        fs::write(file, BASE64.decode(taken.as_str().unwrap()).unwrap()).unwrap();
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        let found = self.call("element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn call(&self, command: &str, parameters: &Value) -> Value {
        let answer = self.request("POST", &format!("/session/{}/{command}", self.session), parameters);
        answer.unwrap_or_else(|error| panic!("{command} {parameters}: {error}\n{}", self.text()))
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(2 * PATIENCE)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).map_err(|error| error.to_string())?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        if value["error"].is_string() { Err(format!("{}: {}", value["error"], value["message"])) } else { Ok(value) }
    }
}

impl Drop for Browser {
    /// The browser itself is no child of this process, and ends when its driver is told so.
    fn drop(&mut self) {
        let _ = self.request("DELETE", &format!("/session/{}", self.session), &json!({}));
    }
}
