//! `e2e init`: writes a project whose first run passes. Its files are this repository's own, so that they are tested
//! and cannot drift. Called by `app`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::cli::Written;
use crate::exit::Exit;
use crate::fault::Fault;

/// A file of this repository, under its own name.
macro_rules! own {
    ($path:literal) => {
        ($path, include_str!(concat!("../../", $path)))
    };
}

/// Files of a project, by their paths.
type Files = &'static [(&'static str, &'static str)];

/// Of a project in any language.
const SHARED: Files = &[
    own!(".editorconfig"),
    (".github/workflows/e2e.yml", include_str!("project/workflow.yml")),
    (".gitignore", include_str!("project/gitignore")),
    ("Makefile", concat!(include_str!("project/Makefile"), include_str!("../../suites.mk"))),
    ("README.md", include_str!("project/README.md")),
    own!("config/int.yaml"),
    own!("config/local.yaml"),
    own!("config/prod.yaml"),
    own!("config/stage.yaml"),
];

const LUA: Files = &[
    own!(".luarc.json"),
    own!("scripts/main.lua"),
    own!("scripts/suites/functional.lua"),
    own!("scripts/suites/performance.lua"),
    own!("scripts/suites/smoke.lua"),
    own!("scripts/suites/stress.lua"),
    own!("scripts/utils/client.lua"),
    own!("scripts/utils/data_generator.lua"),
    own!("stdlib/lua/e2e/retry.lua"),
    own!("stdlib/lua/meta/e2e.lua"),
    own!("stylua.toml"),
];

const RHAI: Files = &[
    own!("scripts/main.rhai"),
    own!("scripts/suites/functional.rhai"),
    own!("scripts/suites/performance.rhai"),
    own!("scripts/suites/smoke.rhai"),
    own!("scripts/suites/stress.rhai"),
    own!("scripts/utils/client.rhai"),
    own!("scripts/utils/data_generator.rhai"),
    own!("stdlib/rhai/e2e/retry.rhai"),
    own!("stdlib/rhai/meta/e2e.d.rhai"),
];

/// What the shared files say of Lua, as they say it of Rhai.
const IN_RHAI: [(&str, &str); 6] = [
    ("Written in Lua", "Written in Rhai"),
    ("main.lua", "main.rhai"),
    ("suites/smoke.lua", "suites/smoke.rhai"),
    ("suites/$@.lua", "suites/$@.rhai"),
    ("`require(\"utils.name\")`", "`import \"utils/name\" as name`"),
    ("`stdlib/lua/`, found by `.luarc.json`", "`stdlib/rhai/`, found by the Rhai language server"),
];

/// Every file of a project in `language`, in the order of their paths.
fn files(language: Written) -> Vec<(&'static str, String)> {
    let own = match language {
        Written::Lua => LUA,
        Written::Rhai => RHAI,
    };
    let shared = SHARED.iter().map(|(path, text)| match language {
        Written::Lua => (*path, (*text).to_owned()),
        Written::Rhai => {
            (*path, IN_RHAI.iter().fold((*text).to_owned(), |text, (from, to)| text.replace(from, to)))
        }
    });
    let mut files: Vec<_> =
        shared.chain(own.iter().map(|(path, text)| (*path, (*text).to_owned()))).collect();
    files.sort_unstable_by_key(|(path, _)| *path);
    files
}

/// Writes the project to `folder`, which is made where there is none. Returns what to tell.
///
/// # Errors
/// [`Exit::Config`] where one of the files exists already (nothing is written then), or cannot be written.
pub(super) fn init(folder: &Path, language: Written) -> Result<String, Fault> {
    let files = files(language);
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        return Err(
            Fault::new(Exit::Config, format!("{shown} is not a folder")).help("name one with `e2e init DIR`")
        );
    }
    // A link that leads nowhere is there as well.
    let is_there = |path: &&str| fs::symlink_metadata(folder.join(path)).is_ok();
    let there: Vec<&str> = files.iter().map(|(path, _)| *path).filter(is_there).collect();
    if !there.is_empty() {
        return Err(Fault::new(
            Exit::Config,
            format!("{shown} holds files that a new project would overwrite"),
        )
        .why(format!("there are {}", there.join(", ")))
        .help("choose another folder with `e2e init DIR`, or move them away"));
    }
    files.iter().try_for_each(|(path, _)| check_way(folder, path))?;
    let mut told = format!("a project in {shown}:\n");
    for (path, text) in &files {
        write_new(&folder.join(path), text).map_err(|why| {
            Fault::new(Exit::Config, format!("cannot write {}", folder.join(path).display()))
                .why(why.to_string())
        })?;
        let _ = writeln!(told, "  {path}");
    }
    let enter = if folder == Path::new(".") { String::new() } else { format!("{} && ", enter(folder)) };
    let _ = writeln!(told, "run it: {enter}e2e");
    Ok(told)
}

/// Refuses to write `path` where a folder on the way to it from `folder` is a file or a link: what is written must
/// lie in the project.
fn check_way(folder: &Path, path: &str) -> Result<(), Fault> {
    for above in Path::new(path).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
        let there = folder.join(above);
        let Ok(found) = fs::symlink_metadata(&there) else { continue };
        let is = match found.file_type() {
            kind if kind.is_dir() => continue,
            kind if kind.is_symlink() => "a link",
            _ => "a file",
        };
        let what = format!("{} is {is}, where a new project has a folder", there.display());
        let help = "choose another folder with `e2e init DIR`, or move it away";
        return Err(Fault::new(Exit::Config, what).help(help));
    }
    Ok(())
}

/// The command that enters the folder, as a shell takes it.
fn enter(folder: &Path) -> String {
    let name = folder.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%:,=".contains(c);
    let quoted = match name.chars().all(plain) {
        true => name.clone(),
        false => format!("'{}'", name.replace('\'', "'\\''")),
    };
    format!("cd {}{quoted}", if name.starts_with('-') { "-- " } else { "" })
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create_new(path)?.write_all(text.as_bytes())
}
