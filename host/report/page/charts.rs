//! The library that draws the charts: plotly.js, as its crate ships it.

use std::sync::LazyLock;

static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    // The crate gives it as an HTML element, the first of two; the other one sets formulas.
    let elements = plotly::Plot::offline_js_sources();
    let script = elements.split_once('>').and_then(|(_, rest)| rest.split_once("</script>"));
    script.map(|(script, _)| script.to_owned()).unwrap_or_default()
});

/// Defines `Plotly`. Contains nothing that would end a script element.
pub fn charts() -> &'static str {
    &SCRIPT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_whole_and_can_stand_in_a_page() {
        let script = charts();
        assert!(script.trim_start().starts_with("/**\n* plotly.js v"), "{:.40}", script);
        assert!(script.len() > 3_000_000 && script.len() < 5_000_000, "{}", script.len());
        assert!(!script.contains("</script"));
    }
}
