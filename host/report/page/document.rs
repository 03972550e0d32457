//! A view as a file of its own: the renderer, the charts' library and the state in one HTML document, which loads
//! nothing from anywhere. Used by `html`, and by `web` for its download.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use super::{SCRIPT, STYLE, charts};
use crate::report::view::View;

/// Bytes that the state may take: with the charts' library the file stays below 6 MB.
const MOST: usize = 1_200_000;

/// Draws what the document holds.
const START: &str = r#""use strict";
E2E.show(JSON.parse(document.getElementById("view").textContent), document.getElementById("page"));
E2E.drawAll();
"#;

/// The whole document. A view that is too large for it tells of less: it says how much it leaves out.
pub fn document(view: View) -> String {
    let title = escaped(&view.state.run.scripts.join(", "));
    let state = state(view);
    let scripts = [charts(), SCRIPT, START];
    // Nothing runs but these three, whatever found its way into the page.
    let allowed: Vec<String> = scripts.iter().map(|script| hash(script)).collect();
    let policy = format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data: blob:",
        allowed.join(" ")
    );
    let scripts: String = scripts.iter().map(|script| format!("<script>{script}</script>\n")).collect();
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – e2e report</title>
<style>{STYLE}</style>
</head>
<body>
<main id="page"><noscript>This report draws its tables and charts with JavaScript, from the data within this file.</noscript></main>
<script type="application/json" id="view">{state}</script>
{scripts}</body>
</html>
"#
    )
}

/// The view as JSON that can stand in a script element: no character of it begins anything in HTML.
fn state(mut view: View) -> String {
    loop {
        let json = embedded(&view);
        if json.len() <= MOST || !view.halve() {
            return json;
        }
    }
}

/// JSON knows these characters within texts alone, and takes them as numbers there.
fn embedded(view: &View) -> String {
    let json = serde_json::to_string(view).expect("texts, numbers and lists can be written");
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            plain => safe.push(plain),
        }
    }
    safe
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            plain => safe.push(plain),
        }
    }
    safe
}

/// As a Content-Security-Policy names a script.
fn hash(script: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, script.as_bytes())))
}
