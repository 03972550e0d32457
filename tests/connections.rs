//! Settings of connections as a user meets them: what is refused before a run, and what a run does.

use std::net::{Ipv4Addr, SocketAddr};

use e2e::demo::{Demo, Faults};

use crate::support::project::Project;
use crate::support::secure::Secure;

const SCRIPT: &str =
    "local U = HttpUser:extend(\"U\", {})\nU:task(\"t\", function(self) self.client:get(\"/\") end)\n";

/// A project with these settings, one a line.
fn project(settings: &str) -> Project {
    let settings: String = settings.lines().map(|line| format!("  {line}\n")).collect();
    Project::new(&[("s.lua", SCRIPT), ("config/local.yaml", &format!("settings:\n{settings}"))])
}

#[test]
fn what_this_machine_cannot_do_is_refused_before_the_run() {
    let run = |settings: &str| project(settings).run("-f s.lua -i 1 -H http://127.0.0.1:1");
    // RFC 5737: nobody's address.
    run("local_addresses: [127.0.0.2, 192.0.2.7]").refused(
        104,
        &["`settings.local_addresses` has 192.0.2.7, which cannot be used", "addresses of this machine"],
    );
    run("tls: {cert: local.yaml}").refused(104, &["local.yaml` holds no PEM certificate"]);
    run("tls: {ca: local.yaml}").refused(104, &["the CA file", "holds no PEM certificate"]);
    run("proxy: http://me:geheim@h:1/x")
        .refused(104, &["local.yaml:2", "`settings.proxy` cannot be used", "follows"]);
}

#[test]
fn what_was_decided_is_shown_without_passwords() {
    let project = project("proxy: http://me:geheim@proxy:3128\ndns: {ttl: 0}\nhosts: {a.com: 10.0.0.1}");
    let shown = project.run("-f s.lua --show-config").code(0).printed(&[
        "settings.proxy.http: http://me:***@proxy:3128 ",
        "settings.proxy.https: http://me:***@proxy:3128 ",
        "settings.dns.ttl: 0s ",
        "settings.hosts.a.com: 10.0.0.1 ",
        "settings.local_addresses: none ",
    ]);
    assert!(!shown.out.contains("geheim") && !shown.err.contains("geheim"), "{}", shown.out);
}

#[test]
fn an_override_does_not_lead_out_of_a_guarded_environment() {
    let project = Project::new(&[
        ("s.lua", SCRIPT),
        (
            "config/local.yaml",
            "base_url: http://api.invalid\nsettings:\n  hosts:\n    api.invalid: 127.0.0.1:1\nsafety:\n  \
             allowed_hosts: [api.invalid]\n",
        ),
    ]);
    project.run("-f s.lua -i 1").refused(
        111,
        &[
            "local.yaml:4",
            "`settings.hosts` leads api.invalid to 127.0.0.1, which `safety.allowed_hosts` does not list",
        ],
    );
}

#[test]
fn the_bundled_service_is_reached_past_any_proxy() {
    let project = Project::new(&[
        ("s.lua", &SCRIPT.replace("\"/\"", "\"/ready\"")),
        ("config/local.yaml", "target: demo\nsettings:\n  proxy: http://127.0.0.1:1\n"),
    ]);
    project.run("-f s.lua -i 3").code(0);
}

#[test]
fn a_request_shows_the_certificate_that_it_names() {
    let secure = Secure::start();
    let script = "local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  for _, cert in ipairs { \"certs/me.pem\", { \"certs/me.pem\", \"certs/me.pem\" } } do
    log.info(\"with \" .. self.client:get(\"/\", { cert = cert }).headers[\"x-client\"])
  end
  log.info(\"without \" .. self.client:get(\"/\").headers[\"x-client\"])
end)";
    let ca = secure.ca().display().to_string();
    let project = Project::new(&[
        ("scripts/s.lua", script),
        ("certs/me.pem", &secure.client),
        ("config/local.yaml", &format!("settings:\n  tls:\n    ca: {ca}\n")),
        ("config/own.yaml", &format!("settings:\n  tls:\n    ca: {ca}\n    cert: ../certs/me.pem\n")),
    ]);
    let line = format!("-f s.lua -i 1 -H https://{}", secure.addr);
    let ended = project.run(&line).code(0).told(&["with known", "without none"]);
    assert_eq!(ended.err.matches("with known").count(), 2);
    project.run(&format!("{line} --env own")).code(0).told(&["without known"]);
}

/// `ulimit` of a POSIX shell: `-S` sets the limit that a process may raise, nothing sets both.
#[test]
fn connections_go_as_far_as_the_limit_of_open_files() {
    let demo = Demo::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Faults::default()).unwrap();
    let script = "local U = HttpUser:extend('U', { wait_time = constant(60) })
U:task('t', function(self) self.client:get('/ready') end)";
    let project = Project::new(&[("s.lua", script)]);
    let run = |limit: &str| {
        let line = format!("-f s.lua -H http://{} -u 200 -r 1000 -t 2s --workers 1", demo.addr());
        project.run_limited(limit, &line)
    };
    run("-S -n 100").code(0);
    run("-n 100")
        .code(1)
        .printed(&["too many open files for a connection to 127.0.0.1", "raise `ulimit -n` above 100"]);
}
