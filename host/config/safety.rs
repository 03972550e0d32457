//! The `safety` section of an environment that must not be hurt: what a plan may not exceed. Checked by `layers`
//! before a plan exists; no flag overrides it. `run` has `net` ask `allows_host` before it connects.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::units::format_duration;

use super::locate;
use super::origin::{Origin, Sited};

/// The limits of an environment. Without any, everything is allowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Safety {
    /// The text that a person must give before the run.
    pub confirm: Option<Sited<String>>,
    pub max_users: Option<Sited<u32>>,
    /// Users per second.
    pub max_spawn_rate: Option<Sited<f64>>,
    pub max_run_time: Option<Sited<Duration>>,
    /// Requests per second.
    pub max_rps: Option<Sited<f64>>,
    pub allowed_scripts: Option<Sited<Vec<String>>>,
    /// Host names, with `*.` for any below and `:port` for one port only.
    pub allowed_hosts: Option<Sited<Vec<String>>>,
}

/// What a run would do, as far as it is known before the first request.
pub(super) struct Intent<'p> {
    pub(super) users: &'p Sited<u32>,
    pub(super) spawn_rate: &'p Sited<f64>,
    pub(super) run_time: Option<&'p Sited<Duration>>,
    /// When the load ends by itself, at the latest.
    pub(super) ends: Option<Duration>,
    pub(super) stop_timeout: &'p Sited<Duration>,
    /// The longest stop timeout beside `max_run_time`.
    pub(super) longest_stop: Duration,
    pub(super) base_url: Option<&'p Sited<String>>,
    /// Absolute, symbolic links resolved, as `allowed_scripts` are before they are compared.
    pub(super) scripts: &'p [PathBuf],
    /// Where `allowed_scripts` start: the folder above `config`, and `scripts` in it. Absolute, links resolved.
    pub(super) script_folders: &'p [PathBuf],
    /// The answer to `confirm`.
    pub(super) answer: Option<&'p Sited<String>>,
}

impl Safety {
    /// Refuses a run that goes beyond a limit, or whose confirmation is missing or wrong.
    pub(super) fn check(&self, intent: &Intent<'_>) -> Result<(), Fault> {
        self.check_load(intent)?;
        self.check_scripts(intent)?;
        if let (Some(allowed), Some(base_url)) = (&self.allowed_hosts, intent.base_url)
            && let Ok(url) = url::Url::parse(&base_url.value)
            && !self.allows_host(url.host_str().unwrap_or(""), url.port_or_known_default())
        {
            let host = url.host_str().unwrap_or("");
            return Err(refuse(allowed, format!("`safety.allowed_hosts` does not list {host}"))
                .why(format!("base_url is {}, from {}", base_url.value, base_url.origin)));
        }
        self.check_confirmation(intent.answer)
    }

    /// Whether a request may go to `host` at `port`.
    pub fn allows_host(&self, host: &str, port: Option<u16>) -> bool {
        let Some(allowed) = &self.allowed_hosts else { return true };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        allowed.value.iter().any(|entry| {
            let entry = entry.to_ascii_lowercase();
            // The last colon separates a port only where digits follow: `::1` and `[::1]` have none.
            let (name, wanted) = match entry.rsplit_once(':') {
                Some((name, digits))
                    if !name.ends_with(':') && (!name.contains(':') || name.ends_with(']')) =>
                {
                    match digits.parse::<u16>() {
                        Ok(port) => (name, Some(port)),
                        Err(_) => return false,
                    }
                }
                _ => (entry.as_str(), None),
            };
            let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').to_string();
            let named = match name.strip_prefix("*.") {
                Some(domain) => {
                    host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
                }
                None => bare(name) == bare(&host),
            };
            named && (wanted.is_none() || wanted == port)
        })
    }

    /// Refuses a target beyond the limits, whoever asks for it while it runs: a load shape, or a person.
    pub fn check_target(&self, users: u64, spawn_rate: f64) -> Result<(), Fault> {
        if let Some(max) = self.max_users.as_ref().filter(|max| users > u64::from(max.value)) {
            return Err(refuse(
                max,
                format!("{users} users are more than `safety.max_users`, {}", max.value),
            ));
        }
        if let Some(max) = self.max_spawn_rate.as_ref().filter(|max| spawn_rate > max.value) {
            let limit = max.value;
            let what =
                format!("{spawn_rate} users per second are more than `safety.max_spawn_rate`, {limit}");
            return Err(refuse(max, what));
        }
        Ok(())
    }

    /// Refuses iterations that come faster than requests may.
    pub fn check_rps(&self, rate: f64) -> Result<(), Fault> {
        match &self.max_rps {
            Some(max) if rate > max.value => {
                let what =
                    format!("{rate} iterations per second are more than `safety.max_rps`, {}", max.value);
                Err(refuse(max, what).why("each is taken to send at least one request"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a preparation (`setup` and the like) that has taken so long, for it is part of the run.
    pub fn check_preparation(&self, time: Duration) -> Result<(), Fault> {
        match &self.max_run_time {
            Some(max) if time >= max.value => {
                let longest = format_duration(max.value);
                Err(refuse(max, format!("setup took longer than `safety.max_run_time`, {longest}")))
            }
            _ => Ok(()),
        }
    }

    fn check_load(&self, intent: &Intent<'_>) -> Result<(), Fault> {
        if let Some(max) = self.max_users.as_ref().filter(|max| intent.users.value > max.value) {
            let (users, max_users) = (intent.users.value, max.value);
            return Err(refuse(max, format!("{users} users are more than `safety.max_users`, {max_users}"))
                .why(format!("users came from {}", intent.users.origin)));
        }
        if let Some(max) = self.max_spawn_rate.as_ref().filter(|max| intent.spawn_rate.value > max.value) {
            let (rate, max_rate) = (intent.spawn_rate.value, max.value);
            let what = format!("{rate} users per second are more than `safety.max_spawn_rate`, {max_rate}");
            return Err(refuse(max, what).why(format!("spawn_rate came from {}", intent.spawn_rate.origin)));
        }
        if let Some(max) = &self.max_run_time {
            let longest = format_duration(max.value);
            match intent.run_time {
                None if intent.ends.is_some_and(|ends| ends <= max.value) => {}
                None if intent.ends.is_some() => {
                    let ends = format_duration(intent.ends.unwrap_or_default());
                    let what = format!(
                        "scenarios or stages that last {ends} exceed `safety.max_run_time`, {longest}"
                    );
                    return Err(refuse(max, what)
                        .help(format!("make them shorter, or give a run time: --run-time {longest}")));
                }
                None => {
                    let what = format!("a run without a run time exceeds `safety.max_run_time`, {longest}");
                    return Err(refuse(max, what).help(format!("give a run time: --run-time {longest}")));
                }
                Some(time) if time.value > max.value => {
                    let time_text = format_duration(time.value);
                    let what = format!("a run of {time_text} exceeds `safety.max_run_time`, {longest}");
                    return Err(refuse(max, what).why(format!("run_time came from {}", time.origin)));
                }
                Some(_) => {}
            }
            // Tasks may go on for so long after the run time.
            if intent.stop_timeout.value > intent.longest_stop {
                let (timeout, most) =
                    (format_duration(intent.stop_timeout.value), format_duration(intent.longest_stop));
                let what =
                    format!("a stop timeout of {timeout} would prolong the run beyond `safety.max_run_time`");
                return Err(refuse(max, what)
                    .why(format!("stop_timeout came from {}", intent.stop_timeout.origin))
                    .help(format!("it may be {most} here")));
            }
        }
        Ok(())
    }

    fn check_scripts(&self, intent: &Intent<'_>) -> Result<(), Fault> {
        let Some(allowed) = &self.allowed_scripts else { return Ok(()) };
        let is_allowed = |script: &Path| {
            intent.script_folders.iter().any(|folder| {
                allowed.value.iter().any(|entry| locate::resolve(&folder.join(entry)) == script)
            })
        };
        match intent.scripts.iter().find(|script| !is_allowed(script)) {
            None => Ok(()),
            Some(script) => {
                let what = format!("`safety.allowed_scripts` does not list {}", script.display());
                Err(refuse(allowed, what).help(format!("allowed are {}", allowed.value.join(", "))))
            }
        }
    }

    fn check_confirmation(&self, answer: Option<&Sited<String>>) -> Result<(), Fault> {
        let Some(confirm) = &self.confirm else { return Ok(()) };
        let help = match answer.map(|answer| &answer.origin) {
            Some(Origin::Form(name)) => {
                format!("type {:?} into the field above Start (`{name}` of the API)", confirm.value)
            }
            _ => format!("give it with --confirm {:?}", confirm.value),
        };
        // A form has the field, also where nothing was typed.
        match answer.map(|answer| answer.value.as_str()) {
            Some(answer) if answer == confirm.value => Ok(()),
            Some(answer) if !answer.is_empty() => {
                Err(refuse(confirm, "the confirmation does not match `safety.confirm`").help(help))
            }
            _ => Err(refuse(confirm, "this environment wants a confirmation").help(help)),
        }
    }
}

fn refuse<T>(limit: &Sited<T>, what: impl Into<String>) -> Fault {
    limit.origin.fault(Exit::Refused, what)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::origin::Origin;

    fn sited<T>(value: T) -> Sited<T> {
        Sited::new(value, Origin::Default)
    }

    fn hosts(entries: &[&str]) -> Safety {
        let entries = entries.iter().map(|entry| entry.to_string()).collect();
        Safety { allowed_hosts: Some(sited(entries)), ..Safety::default() }
    }

    #[test]
    fn hosts_match_exactly_or_below_a_star() {
        let safety = hosts(&["api.example.com", "*.int.example.com", "localhost:8080", "[::1]:90", "::2"]);
        for (host, port, allowed) in [
            ("api.example.com", Some(443), true),
            ("API.example.com.", Some(443), true),
            ("api.example.com.evil.org", Some(443), false),
            ("xapi.example.com", Some(443), false),
            ("a.int.example.com", None, true),
            ("a.b.int.example.com", None, true),
            ("int.example.com", None, false),
            ("evilint.example.com", None, false),
            (".int.example.com", None, false),
            ("localhost", Some(8080), true),
            ("localhost", Some(80), false),
            ("[::1]", Some(90), true),
            ("::1", Some(91), false),
            ("[::2]", Some(1), true),
            ("", None, false),
        ] {
            assert_eq!(safety.allows_host(host, port), allowed, "{host} {port:?}");
        }
        assert!(Safety::default().allows_host("anything", None));
        assert!(!hosts(&[]).allows_host("anything", None));
    }

    fn refusal(safety: Safety, change: impl FnOnce(&mut Run)) -> Option<String> {
        let mut run = Run {
            users: sited(1),
            spawn_rate: sited(1.0),
            run_time: Some(sited(Duration::from_secs(30))),
            stop_timeout: sited(Duration::from_secs(10)),
            base_url: Some(sited("https://api.example.com".to_string())),
            script: PathBuf::from("/p/scripts/suites/smoke.lua"),
            answer: None,
        };
        change(&mut run);
        let result = safety.check(&Intent {
            ends: None,
            users: &run.users,
            spawn_rate: &run.spawn_rate,
            run_time: run.run_time.as_ref(),
            stop_timeout: &run.stop_timeout,
            longest_stop: Duration::from_secs(10),
            base_url: run.base_url.as_ref(),
            scripts: &[run.script],
            script_folders: &["/p".into(), "/p/scripts".into()],
            answer: run.answer.as_ref(),
        });
        result.err().map(|fault| {
            assert_eq!(fault.exit, Exit::Refused);
            fault.what
        })
    }

    struct Run {
        users: Sited<u32>,
        spawn_rate: Sited<f64>,
        run_time: Option<Sited<Duration>>,
        stop_timeout: Sited<Duration>,
        base_url: Option<Sited<String>>,
        script: PathBuf,
        answer: Option<Sited<String>>,
    }

    #[test]
    fn each_limit_refuses_only_what_exceeds_it() {
        assert_eq!(refusal(Safety::default(), |_| {}), None);
        let users = || Safety { max_users: Some(sited(5)), ..Safety::default() };
        assert_eq!(refusal(users(), |run| run.users.value = 5), None);
        let what = "6 users are more than `safety.max_users`, 5";
        assert_eq!(refusal(users(), |run| run.users.value = 6).as_deref(), Some(what));

        let rate = || Safety { max_spawn_rate: Some(sited(1.0)), ..Safety::default() };
        assert_eq!(refusal(rate(), |_| {}), None);
        assert!(refusal(rate(), |run| run.spawn_rate.value = 1.5).unwrap().contains("max_spawn_rate"));

        let time = || Safety { max_run_time: Some(sited(Duration::from_secs(60))), ..Safety::default() };
        assert_eq!(refusal(time(), |_| {}), None);
        assert!(refusal(time(), |run| run.run_time = None).unwrap().contains("without a run time"));
        let long = Some(sited(Duration::from_secs(61)));
        assert!(refusal(time(), |run| run.run_time = long).unwrap().contains("a run of 1m1s exceeds"));
        let stop = Duration::from_secs(11);
        assert!(refusal(time(), |run| run.stop_timeout.value = stop).unwrap().contains("timeout of 11s"));
        assert_eq!(refusal(Safety::default(), |run| run.stop_timeout.value = stop), None);
    }

    #[test]
    fn a_later_target_is_held_to_the_same_limits() {
        let safety =
            Safety { max_users: Some(sited(5)), max_spawn_rate: Some(sited(2.0)), ..Safety::default() };
        assert!(safety.check_target(5, 2.0).is_ok() && Safety::default().check_target(1 << 40, 1e6).is_ok());
        let short = Safety { max_run_time: Some(sited(Duration::from_secs(5))), ..Safety::default() };
        assert!(short.check_preparation(Duration::from_millis(4999)).is_ok());
        assert_eq!(short.check_preparation(Duration::from_secs(5)).unwrap_err().exit, Exit::Refused);
        for (users, rate, limit) in [(6, 1.0, "max_users"), (1, 2.5, "max_spawn_rate")] {
            let fault = safety.check_target(users, rate).unwrap_err();
            assert!(fault.exit == Exit::Refused && fault.what.contains(limit), "{}", fault.what);
        }
    }

    #[test]
    fn only_listed_scripts_and_hosts() {
        let scripts =
            || Safety { allowed_scripts: Some(sited(vec!["suites/smoke.lua".into()])), ..Safety::default() };
        assert_eq!(refusal(scripts(), |_| {}), None);
        assert_eq!(refusal(scripts(), |run| run.script = "/p/suites/smoke.lua".into()), None);
        assert!(refusal(scripts(), |run| run.script = "/p/scripts/suites/stress.lua".into()).is_some());
        assert!(refusal(scripts(), |run| run.script = "/evil/suites/smoke.lua".into()).is_some());

        assert_eq!(refusal(hosts(&["api.example.com"]), |_| {}), None);
        assert!(refusal(hosts(&["other.example.com"]), |_| {}).unwrap().contains("api.example.com"));
        assert_eq!(refusal(hosts(&["x"]), |run| run.base_url = None), None);
    }

    #[test]
    fn a_confirmation_must_match_exactly() {
        let confirm = || Safety { confirm: Some(sited("I understand".into())), ..Safety::default() };
        assert_eq!(refusal(confirm(), |_| {}).as_deref(), Some("this environment wants a confirmation"));
        assert!(refusal(confirm(), |run| run.answer = Some(sited("i understand".into()))).is_some());
        assert_eq!(refusal(confirm(), |run| run.answer = Some(sited("I understand".into()))), None);
        // Nobody has to know of flags who sees a form.
        let typed = |text: &str| Sited::new(text.to_owned(), Origin::Form("confirm".to_owned()));
        let fault = confirm().check_confirmation(Some(&typed(""))).unwrap_err();
        assert_eq!(fault.what, "this environment wants a confirmation");
        assert_eq!(
            fault.help.as_deref(),
            Some("type \"I understand\" into the field above Start (`confirm` of the API)")
        );
    }
}
