//! Which files a run's outputs are: no two of them may be one, and none may be what the run reads. Asked by
//! `app` before anything is opened.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::json::Json;
use super::options::Options;
use crate::config::{Outlet, OutletKind};
use crate::exit::Exit;
use crate::fault::Fault;

/// What `--csv PREFIX` adds to its prefix.
pub(super) const CSV: [&str; 4] = ["_stats.csv", "_failures.csv", "_exceptions.csv", "_stats_history.csv"];

/// And what it adds where scenarios are at an arrival rate; Locust has none.
pub(super) const CSV_ARRIVALS: &str = "_arrivals.csv";

/// The option that may write over the log that a run is compared with.
const RECORDED: &str = "--out hdr";

/// A file that begins with `prefix`.
pub(super) fn beginning_with(prefix: &Path, suffix: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A file that is read: results written to it would destroy it.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is, such as `the script`.
    pub what: &'static str,
    pub path: PathBuf,
    /// `--out hdr` may name it: it is read as a whole before that is opened.
    pub may_be_recorded: bool,
}

impl Input {
    pub fn new(what: &'static str, path: impl Into<PathBuf>) -> Input {
        Input { what, path: path.into(), may_be_recorded: false }
    }

    /// The log that a run is compared with: the next one may take its place.
    pub fn baseline(path: impl Into<PathBuf>) -> Input {
        Input { may_be_recorded: true, ..Input::new("the baseline", path) }
    }
}

/// Refuses two outputs into one file, for each would destroy the other, and outputs into a file of `inputs`.
/// `logfile` is what `--logfile` names.
///
/// # Errors
/// [`Exit::Usage`], naming both options, or the option and the file.
pub fn check_files(options: &Options, logfile: Option<&Path>, inputs: &[Input]) -> Result<(), Fault> {
    let suffixes = || CSV.into_iter().chain([CSV_ARRIVALS]);
    let of_csv = |prefix: &PathBuf| -> Vec<(&str, PathBuf)> {
        suffixes().map(|suffix| ("--csv", beginning_with(prefix, suffix))).collect()
    };
    let csv = options.csv.iter().flat_map(of_csv);
    let json = options.json_file.iter().map(|path| ("--json-file", Json::named(path)));
    let export = options.summary_export.iter().map(|path| ("--summary-export", path.clone()));
    let junit = options.junit.iter().map(|path| ("--junit", path.clone()));
    let html = options.html.iter().map(|path| ("--html", path.clone()));
    let recorded = |outlet: &Outlet| outlet.kind == OutletKind::Hdr;
    let name = |outlet: &Outlet| if recorded(outlet) { RECORDED } else { "--out" };
    let out = options.out.iter().filter_map(|outlet| Some((name(outlet), outlet.file()?.to_owned())));
    let log = logfile.map(|path| ("--logfile", path.to_owned()));
    let files: Vec<(&str, PathBuf)> =
        csv.chain(json).chain(export).chain(junit).chain(html).chain(out).chain(log).collect();
    for (index, (option, path)) in files.iter().enumerate() {
        let place = resolved(path);
        let is_read = |input: &&Input| {
            let may = input.may_be_recorded && *option == RECORDED;
            !may && (resolved(&input.path) == place || is_one(&input.path, path))
        };
        if let Some(input) = inputs.iter().find(is_read) {
            let what = format!("{option} would overwrite {} `{}`", input.what, input.path.display());
            return Err(Fault::new(Exit::Usage, what).help("give the results a file of their own"));
        }
        let same = |(_, other): &&(&str, PathBuf)| resolved(other) == place;
        if let Some((first, _)) = files[..index].iter().find(same) {
            let what = format!("{first} and {option} both write to `{}`", path.display());
            return Err(Fault::new(Exit::Usage, what).help("give each a file of its own"));
        }
    }
    Ok(())
}

/// Whether two names are of one file that is there.
fn is_one(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| path.metadata().ok().filter(fs::Metadata::is_file).map(|m| (m.dev(), m.ino()));
    place(one).is_some_and(|one| place(other) == Some(one))
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
            check_files(&options, log.map(at).as_deref(), &[]).map_err(|fault| (fault.exit, fault.what))
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

    #[test]
    fn what_is_read_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("log"), "").unwrap();
        fs::hard_link(at("log"), at("other")).unwrap();
        let inputs = [Input::new("the script", at("s.lua")), Input::baseline(at("log"))];
        let check = |junit: &str, out: &str| {
            let out = format!("{out}={}", at("log").display());
            let (junit, out) = (Some(at(junit)), vec![Outlet::parse(&out).unwrap()]);
            check_files(&Options { junit, out, ..Options::default() }, None, &inputs)
                .map_err(|fault| (fault.exit, fault.what))
        };
        for (junit, what) in [("s.lua", "the script"), ("./log", "the baseline"), ("other", "the baseline")] {
            let (exit, told) = check(junit, "hdr").unwrap_err();
            assert_eq!(exit, Exit::Usage);
            assert!(told.starts_with(&format!("--junit would overwrite {what} `")), "{told}");
        }
        // The next run may take the place of the one that it is compared with, but nothing else may.
        assert_eq!(check("j.xml", "hdr"), Ok(()));
        assert!(check("j.xml", "json").unwrap_err().1.starts_with("--out would overwrite the baseline"));
    }
}
