//! A NATS server of a test's own, with JetStream, which can be stopped and started again.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub struct Nats {
    port: u16,
    address: String,
    folder: TempDir,
    child: Option<Child>,
    jetstream: bool,
    /// Who is let in, where not everybody is.
    login: Option<(&'static str, &'static str)>,
}

/// Whether a program is there, or can be installed from Debian's packages.
pub fn has(program: &str, package: &str) -> bool {
    let runs = || {
        let found =
            Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    let apt = |line: &str| {
        let mut apt = Command::new("apt-get");
        apt.args(["-q", "-o", "DPkg::Lock::Timeout=120"])
            .args(line.split(' '))
            .env("DEBIAN_FRONTEND", "noninteractive");
        let _ = apt.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    };
    let install = || {
        apt(&format!("install -y {package}"));
        if !runs() {
            // A new machine knows of no packages yet.
            apt("update");
            apt(&format!("install -y {package}"));
        }
        runs()
    };
    runs() || install()
}

impl Nats {
    /// None where there is no NATS; a line says so.
    pub fn start() -> Option<Nats> {
        Nats::start_at(&Ipv4Addr::LOCALHOST.to_string(), true)
    }

    /// One that lets in nobody else.
    pub fn start_for(name: &'static str, password: &'static str) -> Option<Nats> {
        let mut nats = Nats::start()?;
        nats.stop();
        nats.login = Some((name, password));
        nats.go_on();
        Some(nats)
    }

    pub fn start_at(address: &str, jetstream: bool) -> Option<Nats> {
        static IS_THERE: OnceLock<bool> = OnceLock::new();
        if !*IS_THERE.get_or_init(|| has("nats-server", "nats-server")) {
            eprintln!("skipped: there is no nats-server, and apt-get cannot install it");
            return None;
        }
        let port = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut nats =
            Nats { port, address: address.to_owned(), folder, child: None, jetstream, login: None };
        nats.go_on();
        Some(nats)
    }

    pub fn url(&self) -> String {
        format!("nats://{}:{}", self.address, self.port)
    }

    /// Starts it again, with what it kept.
    pub fn go_on(&mut self) {
        let mut command = Command::new("nats-server");
        command.args(["-a", &self.address, "-p", &self.port.to_string()]);
        if self.jetstream {
            command.args(["-js", "-sd", self.folder.path().to_str().unwrap()]);
        }
        if let Some((name, password)) = self.login {
            command.args(["--user", name, "--pass", password]);
        }
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((self.address.as_str(), self.port)).is_err() {
            assert!(Instant::now() < until, "nats-server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, as a machine that fails does.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop();
    }
}
