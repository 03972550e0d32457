//! The files that `--watch` looks at. Called by `app`.

use std::path::PathBuf;

use crate::fault::Fault;

use super::given::{Given, Surroundings};
use super::locate;

/// Where changes count.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Scripts, modules and data lie below it.
    pub root: PathBuf,
    /// Where environment files may lie.
    pub config_folders: Vec<PathBuf>,
    /// The one that counts, in whichever folder.
    pub config_file: String,
    /// Beginnings of the paths of files that runs write.
    pub written: Vec<PathBuf>,
}

/// What a run of `given` depends on. Fails where a script is not there.
pub fn watched(given: &Given, surroundings: &Surroundings) -> Result<Watched, Fault> {
    let folder = &surroundings.folder;
    let root = locate::shared_root(&locate::scripts(given.scripts.as_ref(), folder)?)?;
    let environment = given.environment.as_ref().map_or("local", |environment| &environment.value);
    let outputs = &given.outputs;
    let csv = outputs.csv.as_ref().map(|csv| PathBuf::from(format!("{}_", csv.value)));
    let files =
        [&outputs.json_file, &outputs.logfile, &outputs.summary_export, &outputs.junit, &outputs.html];
    let files = files.into_iter().flatten().map(|file| file.value.clone());
    let outlets = outputs.out.iter().flat_map(|out| &out.value);
    let files = files.chain(outlets.filter_map(|outlet| outlet.file().map(PathBuf::from)));
    Ok(Watched {
        config_folders: locate::config_folders(&root, folder),
        config_file: format!("{environment}.yaml"),
        written: csv.into_iter().chain(files).map(|file| folder.join(file)).collect(),
        root,
    })
}
