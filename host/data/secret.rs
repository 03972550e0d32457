//! Secrets, from variables or files, and never shown. Called by `api` for
//! `secret(name)`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::fault::Fault;
use crate::mask;

/// Bytes that a secret may have: a certificate with its chain fits.
const MOST: u64 = 64 << 10;

/// Where secrets come from.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Variables that were given besides those of the process, and come before them.
    given: BTreeMap<String, String>,
    folder: PathBuf,
}

impl Secrets {
    pub fn new(given: BTreeMap<String, String>, folder: PathBuf) -> Self {
        Secrets { given, folder }
    }

    /// The secret of that name: a variable, else a file of the folder, without the line feed at its
    /// end. From now on its value is masked.
    ///
    /// # Errors
    /// Where there is neither; and where one is no text, or too long to be a secret.
    pub fn read(&self, name: &str) -> Result<String, Fault> {
        let fault = |what: String| Fault::new(Exit::Script, what);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
            let fault = fault(format!("`{name}` is not a secret's name"));
            return Err(fault.help("a name has letters, digits, `_`, `-` and `.`"));
        }
        let variable = match self.given.get(name) {
            Some(value) => Some(value.clone()),
            None => match std::env::var_os(name).map(|value| value.into_string()) {
                Some(Ok(value)) => Some(value),
                Some(Err(_)) => return Err(fault(format!("the variable {name} is not UTF-8 text"))),
                None => None,
            },
        };
        let value = match variable.filter(|value| !value.is_empty()) {
            Some(value) => value,
            None => self.file(name)?,
        };
        mask::add(&value);
        Ok(value)
    }

    fn file(&self, name: &str) -> Result<String, Fault> {
        let path = self.folder.join(name);
        let shown = path.display();
        let fault = |what: String| Fault::new(Exit::Script, what);
        let file = match path.metadata() {
            Ok(file) => file,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Err(self.missing(name, &path)),
            Err(why) => return Err(fault(format!("cannot read the secret {shown}: {why}"))),
        };
        if !file.is_file() || file.len() > MOST {
            return Err(fault(format!("the secret {shown} is no file of at most {} KiB", MOST >> 10)));
        }
        let bytes =
            std::fs::read(&path).map_err(|why| fault(format!("cannot read the secret {shown}: {why}")))?;
        let mut text =
            String::from_utf8(bytes).map_err(|_| fault(format!("the secret {shown} is not UTF-8 text")))?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.is_empty() { Err(fault(format!("the secret {shown} is empty"))) } else { Ok(text) }
    }

    fn missing(&self, name: &str, path: &Path) -> Fault {
        let what = format!(
            "no secret `{name}`: the variable {name} holds nothing, and there is no {}",
            path.display()
        );
        Fault::new(Exit::Script, what).help("set one of them; `settings.secrets` names the folder")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_before_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        file("BOTH", b"of the file");
        file("tls.key", b"two\nlines\r\n");
        file("EMPTY", b"\n");
        file("BINARY", b"\xff\xfe");
        file("LONG", &[b'x'; 70_000]);
        let given = [("BOTH", "of the variable"), ("NOTHING", "")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let secrets = Secrets::new(given.into(), folder.path().to_owned());
        assert_eq!(secrets.read("BOTH").unwrap(), "of the variable");
        assert_eq!(secrets.read("tls.key").unwrap(), "two\nlines");
        assert!(mask::hide("a: two\nlines").ends_with(": ***"));
        for (name, why) in [
            ("EMPTY", "is empty"),
            ("BINARY", "is not UTF-8 text"),
            ("LONG", "no file of at most 64 KiB"),
            ("NOTHING", "holds nothing, and there is no"),
            ("../BOTH", "is not a secret's name"),
            ("", "is not a secret's name"),
        ] {
            let what = secrets.read(name).unwrap_err().what;
            assert!(what.contains(why), "{what}");
        }
    }
}
