//! Headless Chromium, driven by its own driver. Used by the tests of the page; where there is none a line says so.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A page on a busy machine takes no longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The driver; it ends with this value, and its browsers with it.
pub struct Driver {
    child: Child,
    /// `127.0.0.1:PORT`.
    addr: String,
    sessions: Mutex<Vec<String>>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A test that failed has not closed its browsers, and they would outlive their driver.
        for session in self.sessions.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let Ok(mut stream) = TcpStream::connect(&self.addr) else { continue };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let head = format!("DELETE /session/{session} HTTP/1.1\r\nHost: {}\r\n\r\n", self.addr);
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.read(&mut [0; 64]));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Driver {
    /// None where this machine has no browser and gets none.
    pub fn start() -> Option<Driver> {
        let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web/setup");
        let setup = Command::new(setup).output().unwrap();
        if !setup.status.success() {
            let why = String::from_utf8_lossy(&setup.stdout).trim().to_owned();
            // Not by a macro, whose output is not shown for a test that passes.
            let _ = writeln!(std::io::stderr(), "skipped: the page in a browser: {why}");
            return None;
        }
        let mut command = Command::new("chromedriver");
        let mut child = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| Some(line.split_once("successfully on port ")?.1.trim_matches('.').to_owned()));
        // What it says further must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Driver { addr: format!("127.0.0.1:{}", port.unwrap()), child, sessions: Mutex::default() })
    }

    pub async fn browser(&self) -> Browser {
        let downloads = tempfile::tempdir().unwrap();
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000"],
            "prefs": { "download.default_directory": downloads.path(), "download.prompt_for_download": false },
        });
        let capabilities =
            json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().unwrap().clone());
        let client = builder.connect(&format!("http://{}", self.addr)).await.unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        Browser { client, downloads }
    }
}

pub struct Browser {
    client: Client,
    downloads: TempDir,
}

/// What the page has said on its console.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

impl Browser {
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// What an expression of the page is.
    pub async fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.client.execute(&script, Vec::new()).await.unwrap_or_else(|why| panic!("{expression}: {why}"))
    }

    /// Until the expression is true.
    pub async fn until(&self, expression: &str) {
        let begun = Instant::now();
        while self.value(&format!("Boolean({expression})")).await != Value::Bool(true) {
            if begun.elapsed() > PATIENCE {
                self.picture("failed").await;
                let text = self.value("document.body.innerText").await;
                panic!(
                    "never {expression}; see target/tmp/screenshots/failed.png:\n{}",
                    text.as_str().unwrap_or_default()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn click(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await;
        let element = element.unwrap_or_else(|why| panic!("{selector}: {why}"));
        element.click().await.unwrap_or_else(|why| panic!("{selector}: {why}"));
    }

    /// Types into a field, in place of what is there.
    pub async fn write(&self, selector: &str, text: &str) {
        let field = self.client.find(Locator::Css(selector)).await.unwrap();
        field.clear().await.unwrap_or_else(|why| panic!("{selector}: {why}"));
        field.send_keys(text).await.unwrap_or_else(|why| panic!("{selector}: {why}"));
    }

    pub async fn choose(&self, selector: &str, value: &str) {
        let field = self.client.find(Locator::Css(selector)).await.unwrap();
        field.select_by_value(value).await.unwrap();
    }

    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// Keeps a picture to be looked at.
    pub async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// A file that was downloaded, once it is there.
    pub async fn downloaded(&self, name: &str) -> String {
        let path: PathBuf = self.downloads.path().join(name);
        let begun = Instant::now();
        while !path.exists() {
            assert!(begun.elapsed() < PATIENCE, "never downloaded {name}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        fs::read_to_string(path).unwrap()
    }

    /// What went wrong in the page; that an answer was an error is none of that.
    pub async fn troubles(&self) -> Vec<String> {
        let entries = self.client.issue_cmd(Console).await.unwrap();
        let message = |entry: &Value| {
            let text = entry["message"].as_str().unwrap_or_default().to_owned();
            let is_trouble = entry["level"] != "INFO" && !text.contains("Failed to load resource");
            is_trouble.then_some(text)
        };
        entries.as_array().unwrap().iter().filter_map(message).collect()
    }

    pub async fn close(self) {
        let _ = self.client.close().await;
    }
}
