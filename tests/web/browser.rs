//! The page in headless Chromium. Pictures of it are in `target/tmp/screenshots`. Where there is no browser a line says
//! so, and nothing is tested.

use std::time::Duration;

use serde_json::json;

use crate::support::browser::{Browser, Driver};
use crate::support::counter::Counter;
use crate::support::project::Project;
use crate::support::results::of_csv;
use crate::support::site::Site;

/// What scripts and servers say is text, whatever it looks like.
const SCRIPT: &str = r#"
options { users = 1, spawn_rate = 100, thresholds = { http_req_duration = { "p(95)<2000" } } }
local Shop = HttpUser:extend("Shop", { wait_time = constant(0.02) })
Shop:task("look", 8, function(self)
  local response = self.client:get("/t", { name = "<img src=x onerror=\"document.title='owned'\">" })
  check(response, { ["<b>status is 200</b>"] = function(r) return r.status_code == 200 end })
end)
Shop:task("fail", 1, function(self) self.client:get("/fail", { name = "</script><script>document.title='owned'</script>" }) end)
Shop:task("raise", 1, function() print("<i>a line</i>") error("<svg onload=\"document.title='owned'\">") end)
"#;

const REQUESTS: &str = "Number((document.querySelector('[data-figure=requests] .e2e-value')?.textContent ?? '0').replace(/\\D/g, ''))";
const USERS: &str = "document.querySelector('[data-figure=users] .e2e-value')?.textContent";

fn state(name: &str) -> String {
    format!("document.getElementById('state').dataset.state === '{name}'")
}

fn run(journey: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(journey);
}

#[test]
fn the_page_starts_shows_and_steers_runs() {
    let Some(driver) = Driver::start() else { return };
    run(async {
        let server = Counter::start();
        let project = Project::new(&[("scripts/main.lua", SCRIPT), ("scripts/suites/other.lua", "x = = 1")]);
        let mut site = Site::start(&project, &format!("-H {}", server.url()));
        let (first, second) = (driver.browser().await, driver.browser().await);
        let page = format!("http://{}/", site.addr);
        start_and_watch(&first, &page).await;
        steer(&first, &second, &page, &site).await;
        look_back(&first, &project).await;
        narrow(&first).await;
        for browser in [first, second] {
            assert_eq!(browser.value("document.title").await, "e2e: ended");
            assert_eq!(browser.troubles().await, [""; 0]);
            browser.close().await;
        }
        site.until_state("stopped");
        site.end().code(1);
    });
}

/// The form, the first seconds, the tabs.
async fn start_and_watch(browser: &Browser, page: &str) {
    browser.open(page).await;
    browser.until("document.getElementById('start-users').value === '1'").await;
    browser.until("document.querySelectorAll('#start-classes input').length === 1").await;
    browser.picture("form").await;
    let unlabelled = "[...document.querySelectorAll('input, select, textarea, button')].filter((field) => \
                      field.checkVisibility() && !field.labels?.length && !field.ariaLabel && !field.textContent.trim()).map((field) => field.outerHTML)";
    assert_eq!(browser.value(unlabelled).await, json!([]));
    browser.write("#start-users", "2").await;
    browser.click("#start-go").await;
    browser.until(&state("running")).await;
    browser.until(&format!("{REQUESTS} > 40")).await;
    browser.until(&format!("{USERS} === '2'")).await;
    browser.until("document.querySelector('#run').textContent.includes('<img src=x onerror=')").await;
    browser.picture("running").await;
    for tab in ["charts", "checks", "failures", "exceptions", "ratio", "workers", "logs"] {
        browser.value(&format!("E2E.selectTab('{tab}')")).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        browser.picture(&format!("running-{tab}")).await;
    }
    browser.value("E2E.selectTab('charts')").await;
    browser.until("document.querySelectorAll('#run .main-svg').length > 0").await;
    browser.value("E2E.selectTab('exceptions')").await;
    browser.until("document.querySelector('#run').textContent.includes('<svg onload=')").await;
    browser.value("E2E.selectTab('statistics')").await;
    // Nothing of it became a part of the page.
    assert_eq!(
        browser.value("document.querySelectorAll('#run img, #run b, #run i, #run script').length").await,
        0
    );
    assert_eq!(browser.value("document.title").await, "e2e: running");
}

/// Changes, a pause, another browser, a reload; the other one ends it.
async fn steer(first: &Browser, second: &Browser, page: &str, site: &Site) {
    first.click("#edit").await;
    first.write("#change-users", "4").await;
    first.picture("edit").await;
    first.click("#change-go").await;
    first.until(&format!("{USERS} === '4'")).await;
    first.click("#edit").await;
    first.write("#change-users", "none").await;
    first.click("#change-go").await;
    first.until("document.getElementById('faults').textContent.includes('field `users` cannot be')").await;
    first.click("#change-cancel").await;
    second.open(page).await;
    second.until(&state("running")).await;
    second.until(&format!("{REQUESTS} > 40 && {USERS} === '4'")).await;
    second.click("#pause").await;
    first.until(&state("paused")).await;
    second.until("document.getElementById('pause').textContent === 'Resume'").await;
    second.click("#pause").await;
    first.until(&state("running")).await;
    let before = first.value(REQUESTS).await.as_u64().unwrap();
    first.reload().await;
    first.until(&format!("{REQUESTS} > {before}")).await;
    assert_eq!(first.value("document.getElementById('start').hidden").await, true);
    first.click("#reset").await;
    first.until("document.getElementById('message').textContent === 'counting from anew'").await;
    second.click("#stop").await;
    first.until(&state("stopped")).await;
    second.until(&state("stopped")).await;
    let told =
        site.get("/stats/requests").json()["stats"].as_array().unwrap().last().unwrap()["num_requests"]
            .clone();
    for browser in [first, second] {
        browser.until(&format!("{REQUESTS} === {told}")).await;
    }
    first.picture("stopped").await;
}

/// Downloads, a broken script that is put right, a second run, both side by side.
async fn look_back(browser: &Browser, project: &Project) {
    browser.until("document.querySelector('[data-tab=download]')?.checkVisibility()").await;
    browser.click("[data-tab=download]").await;
    browser.until("document.querySelectorAll('#downloads-files a').length >= 8").await;
    browser.picture("download").await;
    browser.click("#downloads-files a[href$='/stats.csv']").await;
    let counts = of_csv(&browser.downloaded("run-1_stats.csv").await);
    assert_eq!(counts["Aggregated"].0, browser.value(REQUESTS).await.as_u64().unwrap());
    browser.click("#downloads-files a[href$='/report.html']").await;
    assert!(browser.downloaded("run-1_report.html").await.contains("E2E.show("));

    browser.click("#new").await;
    browser.until("document.getElementById('start-script').options.length === 2").await;
    browser.choose("#start-script", "suites/other.lua").await;
    browser.until("document.querySelector('#faults pre')?.textContent.includes('suites/other.lua:1')").await;
    let text = browser.value("document.getElementById('faults').textContent").await;
    assert!(text.as_str().unwrap().contains("1 | x = = 1"), "{text}");
    // Of a script that nobody can read there is nothing to start, and nothing of the one before it.
    let told =
        "document.getElementById('start-go').disabled && document.getElementById('start-users').value === ''";
    assert_eq!(browser.value(told).await, true);
    browser.picture("compile-error").await;
    project.write("scripts/suites/other.lua", SCRIPT.replace("Shop", "Store").as_bytes());
    browser
        .until("!document.getElementById('start-go').disabled && document.getElementById('faults').hidden")
        .await;
    browser.value("document.querySelector('#start details').open = true").await;
    browser.write("#start-iterations", "30").await;
    browser.click("#start-go").await;
    browser
        .until(&format!(
            "{} && {REQUESTS} > 0 && document.querySelector('#run h1').textContent.includes('other.lua')",
            state("stopped")
        ))
        .await;
    assert_eq!(browser.value("document.getElementById('faults').hidden").await, true);

    browser.until("document.querySelector('[data-tab=history]')?.checkVisibility()").await;
    browser.click("[data-tab=history]").await;
    browser.until("document.querySelectorAll('#history-rows tr').length === 2").await;
    browser.click("#history-rows tr:nth-child(1) input").await;
    browser.click("#history-rows tr:nth-child(2) input").await;
    browser.until("document.getElementById('compared').textContent.includes('p95')").await;
    browser.picture("compare").await;
    // A run of the past, as it was.
    browser.click("#history-rows tr:nth-child(1) button").await;
    browser.until("document.querySelector('#run h1').textContent.includes('main.lua')").await;
}

/// At 400 px nothing sticks out.
async fn narrow(browser: &Browser) {
    browser.resize(400, 900).await;
    browser.value("E2E.selectTab('statistics')").await;
    browser.until("document.documentElement.scrollWidth <= window.innerWidth").await;
    browser.picture("narrow").await;
    browser.click("#new").await;
    browser.until("!document.getElementById('start').hidden").await;
    browser.until("document.documentElement.scrollWidth <= window.innerWidth").await;
    browser.picture("narrow-form").await;
    browser.click("#start-cancel").await;
}

#[test]
fn a_guarded_environment_asks_in_the_form() {
    let Some(driver) = Driver::start() else { return };
    run(async {
        let server = Counter::start();
        let config = format!(
            "base_url: {}\nload:\n  run_time: 30s\nsafety:\n  confirm: I understand the <b>risks</b>\n  max_users: 2\n",
            server.url()
        );
        let project = Project::new(&[("main.lua", SCRIPT), ("config/prod.yaml", &config)]);
        let site = Site::start(&project, "--web-token sesame");
        let browser = driver.browser().await;
        browser.open(&format!("http://{}/?token=sesame", site.addr)).await;
        browser.until("document.getElementById('start-users').value === '1' && !location.search").await;
        browser.choose("#start-environment", "prod").await;
        browser.until("document.getElementById('start-guard').checkVisibility()").await;
        assert_eq!(
            browser.value("document.getElementById('start-question').textContent").await,
            "I understand the <b>risks</b>"
        );
        browser.until("document.getElementById('start-limits').textContent.includes('max_users 2')").await;
        browser.click("#start-go").await;
        browser
            .until("document.getElementById('faults').textContent.includes('into the field above Start')")
            .await;
        browser.until("document.activeElement.id === 'start-confirm'").await;
        browser.write("#start-confirm", "I understand the <b>risks</b>").await;
        browser.write("#start-users", "3").await;
        browser.click("#start-go").await;
        browser.until("document.getElementById('faults').textContent.includes('max_users')").await;
        browser.picture("guard").await;
        assert_eq!(server.asked(), 0);
        browser.write("#start-users", "2").await;
        browser.click("#start-go").await;
        browser.until(&format!("{REQUESTS} > 5")).await;
        browser.click("#stop").await;
        browser.until(&state("stopped")).await;
        assert_eq!(browser.troubles().await, [""; 0]);
        browser.close().await;
        site.end();
    });
}
