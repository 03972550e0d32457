//! gRPC against servers that this project did not write: Python's grpcio, with its reflection, its health service and
//! protobuf's own JSON mapping. Where Python or PyPI is not there, a line says so and nothing is tested.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::support::project::{Ended, Project};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grpc")
}

/// The servers, until they are dropped.
struct Servers {
    child: Child,
    project: Project,
    /// `-e NAME=PORT` of each.
    ports: String,
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// None where this machine cannot.
fn start() -> Option<Servers> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grpc-venv");
    let setup = Command::new(folder().join("setup")).arg(&venv).output().unwrap();
    if !setup.status.success() {
        let why = String::from_utf8_lossy(&setup.stdout).trim().to_owned();
        // Not by a macro, whose output is not shown for a test that passes.
        let _ = writeln!(std::io::stderr(), "skipped: gRPC against Python's servers: {why}");
        return None;
    }
    let files = ["everything.proto", "mapping.lua", "calls.lua"];
    let project = Project::new(&[("config/local.yaml", "settings:\n  tls:\n    ca: ../ca.pem\n")]);
    for file in files {
        project.write(file, &std::fs::read(folder().join("scripts").join(file)).unwrap());
    }
    certify(&project);
    let mut server = Command::new(venv.join("bin/python"));
    server.arg(folder().join("server.py")).arg(project.path(""));
    server.env("GRPC_VERBOSITY", "NONE").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = server.spawn().unwrap();
    let mut told = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap_or_else(|why| panic!("{why}: {told}"));
    let ports = told.as_object().unwrap().iter().map(|(name, port)| format!(" -e {name}={port}"));
    Some(Servers { child, project, ports: ports.collect() })
}

/// An authority, and a server's and a client's certificate of it.
fn certify(project: &Project) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "an authority");
    let key = KeyPair::generate().unwrap();
    project.write("ca.pem", params.self_signed(&key).unwrap().pem().as_bytes());
    let issuer = Issuer::new(params, key);
    for (name, host) in [("server", "127.0.0.1"), ("client", "client")] {
        let key = KeyPair::generate().unwrap();
        let cert = CertificateParams::new([host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        project.write(&format!("{name}.key"), key.serialize_pem().as_bytes());
        let with_key = if name == "client" { key.serialize_pem() } else { String::new() };
        project.write(&format!("{name}.pem"), (cert.pem() + with_key.as_str()).as_bytes());
    }
}

impl Servers {
    /// The scripts tell what is wrong, and how much they looked at.
    #[track_caller]
    fn run(&self, script: &str) -> Ended {
        let ended = self.project.run(&format!("-f {script} --only-summary{}", self.ports));
        assert!(ended.err.contains(", 0 wrong"), "{}{}", ended.out, ended.err);
        ended
    }
}

#[test]
fn messages_and_calls_are_as_pythons_servers_have_them() {
    let Some(servers) = start() else { return };
    let ended = servers.run("mapping.lua").code(0);
    assert!(ended.err.contains("36 rows, 100 made up"), "{}", ended.err);
    let ended = servers.run("calls.lua");
    assert!(ended.err.contains("325 looked at"), "{}", ended.err);
}
