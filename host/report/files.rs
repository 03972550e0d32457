//! Which files a run's outputs are: no two of them may be one. Asked by `app` before
//! anything is opened.

use std::path::{Path, PathBuf};

use super::json::Json;
use super::options::Options;
use crate::exit::Exit;
use crate::fault::Fault;

/// What `--csv PREFIX` adds to its prefix.
pub(super) const CSV: [&str; 4] = ["_stats.csv", "_failures.csv", "_exceptions.csv", "_stats_history.csv"];

/// And what it adds where scenarios are at an arrival rate; Locust has none.
pub(super) const CSV_ARRIVALS: &str = "_arrivals.csv";

/// A file that begins with `prefix`.
pub(super) fn beginning_with(prefix: &Path, suffix: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Refuses two outputs into one file: each would destroy the other. `logfile` is what `--logfile` names.
///
/// # Errors
/// [`Exit::Usage`], naming both options.
pub fn check_files(options: &Options, logfile: Option<&Path>) -> Result<(), Fault> {
    let suffixes = || CSV.into_iter().chain([CSV_ARRIVALS]);
    let of_csv = |prefix: &PathBuf| -> Vec<(&str, PathBuf)> {
        suffixes().map(|suffix| ("--csv", beginning_with(prefix, suffix))).collect()
    };
    let csv = options.csv.iter().flat_map(of_csv);
    let json = options.json_file.iter().map(|path| ("--json-file", Json::named(path)));
    let export = options.summary_export.iter().map(|path| ("--summary-export", path.clone()));
    let junit = options.junit.iter().map(|path| ("--junit", path.clone()));
    let html = options.html.iter().map(|path| ("--html", path.clone()));
    let out = options.out.iter().filter_map(|outlet| Some(("--out", outlet.file()?.to_owned())));
    let log = logfile.map(|path| ("--logfile", path.to_owned()));
    let files: Vec<(&str, PathBuf)> =
        csv.chain(json).chain(export).chain(junit).chain(html).chain(out).chain(log).collect();
    for (index, (option, path)) in files.iter().enumerate() {
        let same = |(_, other): &&(&str, PathBuf)| resolved(other) == resolved(path);
        if let Some((first, _)) = files[..index].iter().find(same) {
            let what = format!("{first} and {option} both write to `{}`", path.display());
            return Err(Fault::new(Exit::Usage, what).help("give each a file of its own"));
        }
    }
    Ok(())
}

/// The path without links and dots, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let whole = path.canonicalize().ok();
    whole.unwrap_or_else(|| match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            folder.canonicalize().or_else(|_| std::path::absolute(folder)).unwrap_or_default().join(name)
        }
        _ => path.to_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn two_outputs_are_two_files() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::os::unix::fs::symlink(dir.path(), at("link")).unwrap();
        let check = |csv: Option<&str>, json: Option<&str>, log: Option<&str>| {
            let options = Options { csv: csv.map(at), json_file: json.map(at), ..Options::default() };
            check_files(&options, log.map(at).as_deref()).map_err(|fault| (fault.exit, fault.what))
        };
        for (csv, json, log, first, second) in [
            (None, Some("x"), Some("x.json"), "--json-file", "--logfile"),
            (None, Some("x.json"), Some("./x.json"), "--json-file", "--logfile"),
            (None, Some("link/x.json"), Some("x.json"), "--json-file", "--logfile"),
            (Some("r"), None, Some("r_stats_history.csv"), "--csv", "--logfile"),
            (Some("a/r"), Some("b"), Some("./a/r_failures.csv"), "--csv", "--logfile"),
        ] {
            let (exit, what) = check(csv, json, log).unwrap_err();
            assert_eq!(exit, Exit::Usage);
            assert!(what.starts_with(&format!("{first} and {second} both write to")), "{what}");
        }
        assert_eq!(check(Some("r"), Some("r"), Some("r")), Ok(()));
        assert_eq!(check(None, Some("r.json"), Some("s.json")), Ok(()));
    }
}
