// The desk of the page: starts runs, steers them, and keeps what `E2E` draws up to date. Texts of scripts and servers
// get into the page as text alone.
"use strict";
(() => {
  // By the view's leave some of them come and go: all are looked up once.
  const elements = new Map([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
  const $ = (id) => elements.get(id);
  const BUSY = ["preparing", "spawning", "running", "paused", "stopping"];
  // A run that is over has ended, whatever ended it; the API says it as Locust does.
  const WORDS = { stopped: "ended" };
  const STEERED = ["spawning", "running", "paused"];
  const FIELDS = ["host", "users", "spawn_rate", "run_time", "iterations", "stop_timeout", "seed", "tags", "exclude_tags"];

  const desk = {
    status: null,
    catalog: null,
    // What the person has typed or chosen; the rest follows script and environment.
    touched: new Set(),
    // The run that is drawn, and its newest beat.
    shown: null,
    number: 0,
    // A run of the past that somebody looks at.
    pinned: null,
    // Beats that came while the whole was fetched.
    waiting: null,
    wantsForm: false,
    question: null,
    focus: null,
    // The chosen script, or the environment, is wrong: nothing is known of what a run would be.
    isBroken: false,
    // Where the faults come from that are shown: "look", "start", "steer", "run"; null without any.
    source: null,
    compared: [],
  };

  function node(tag, properties, ...parts) {
    const made = document.createElement(tag);
    Object.assign(made, properties);
    made.append(...parts);
    return made;
  }

  async function ask(method, path, body) {
    const options = { method, headers: {} };
    if (body !== undefined) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let response;
    try {
      response = await fetch(path, options);
    } catch {
      throw [{ text: "error: e2e does not answer" }];
    }
    const answer = await response.json().catch(() => null);
    if (!response.ok) {
      throw answer?.faults?.length ? answer.faults : [{ text: `error: e2e answers ${response.status}` }];
    }
    return answer;
  }

  function showFaults(faults, source) {
    const place = $("faults");
    desk.source = faults.length === 0 ? null : source;
    const unconfirmed = faults.find((fault) => fault.exit === 111 && fault.help?.includes("field above Start"));
    $("start-confirm-wrong").textContent = unconfirmed?.what ?? "";
    if (unconfirmed) {
      $("start-confirm").setAttribute("aria-invalid", "true");
    } else {
      $("start-confirm").removeAttribute("aria-invalid");
    }
    place.hidden = faults.length === 0;
    place.replaceChildren(...faults.map((fault) => node("pre", { tabIndex: 0, textContent: fault.text.trimEnd() })));
  }

  function say(text) {
    $("message").textContent = text;
  }

  // What a button does: its faults are shown, and it cannot be pressed twice at once.
  function press(id, action) {
    $(id).addEventListener("click", async () => {
      $(id).disabled = true;
      try {
        const answer = await action();
        showFaults([], "steer");
        say(answer?.done?.join("; ") ?? "");
      } catch (faults) {
        showFaults(faults.length ? faults : [{ text: String(faults) }], "steer");
      }
      $(id).disabled = false;
    });
  }

  // The form -------------------------------------------------------------------------------------------------------

  const chosenScripts = () => {
    const value = $("start-script").value;
    return value === "" ? desk.catalog.chosen : [value];
  };

  function asked() {
    const body = { scripts: chosenScripts() };
    const environment = $("start-environment").value;
    if (environment !== "" && environment !== desk.catalog.environment) {
      body.environment = environment;
    }
    for (const name of FIELDS) {
      if (desk.touched.has(name)) {
        const value = $(`start-${name}`).value.trim();
        body[name] = value === "" ? null : value;
      }
    }
    if (desk.touched.has("classes")) {
      const boxes = [...$("start-classes").querySelectorAll("input")];
      const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
      body.classes = chosen.length === boxes.length ? null : chosen;
    }
    const variables = $("start-variables").value.trim();
    if (variables !== "") {
      body.variables = variables;
    }
    return body;
  }

  async function loadCatalog() {
    const catalog = await ask("GET", "/api/v1/scripts");
    const before = desk.catalog === null ? null : $("start-script").value;
    desk.catalog = catalog;
    const options = catalog.scripts.map((name) => node("option", { value: name, textContent: name }));
    if (catalog.chosen.length > 1) {
      options.unshift(node("option", { value: "", textContent: catalog.chosen.join(" + ") }));
    }
    $("start-script").replaceChildren(...options);
    const usual = catalog.chosen.length > 1 ? "" : (catalog.chosen[0] ?? catalog.scripts[0]);
    $("start-script").value = before !== null && catalog.scripts.includes(before) ? before : usual;
    $("start-root").textContent = `below ${catalog.root}`;
    const known = $("start-environment").value;
    const names = catalog.environments.map((name) => node("option", { value: name, textContent: name }));
    if (!catalog.environments.includes(catalog.environment)) {
      names.unshift(node("option", { value: "", textContent: `${catalog.environment} (no file)` }));
    }
    $("start-environment").replaceChildren(...names);
    const wanted = known === "" ? catalog.environment : known;
    $("start-environment").value = catalog.environments.includes(wanted) ? wanted : "";
  }

  let looks = 0;
  // What the run would be, as script and environment say just now.
  async function look(isQuiet) {
    const turn = ++looks;
    clearTimeout(again);
    const body = asked();
    // Whether that can be is for the start to say: here it would only hide what the script says.
    for (const name of FIELDS) {
      delete body[name];
    }
    delete body.classes;
    let sketch;
    try {
      sketch = await ask("POST", "/api/v1/plan", body);
    } catch (faults) {
      if (turn === looks) {
        breakForm(true);
        showFaults(faults, "look");
        again = setTimeout(lookAgain, 2000);
      }
      return;
    }
    if (turn !== looks) {
      return;
    }
    breakForm(false);
    if (desk.source === "look" || !isQuiet) {
      showFaults([], "look");
    }
    fill(sketch);
  }

  let again = 0;
  // What is wrong with a script is put right in an editor: the form notices.
  function lookAgain() {
    if (desk.isBroken && !$("start").hidden && !document.hidden) {
      look(true);
    } else if (desk.isBroken) {
      again = setTimeout(lookAgain, 2000);
    }
  }

  // What another script said is nothing to start this one with.
  function breakForm(isBroken) {
    desk.isBroken = isBroken;
    clearTimeout(again);
    for (const name of FIELDS) {
      const field = $(`start-${name}`);
      field.disabled = isBroken;
      if (isBroken && !desk.touched.has(name)) {
        field.value = "";
      }
      const origin = $(`start-${name}-origin`);
      if (isBroken && origin !== undefined) {
        origin.textContent = "";
      }
    }
    if (isBroken) {
      $("start-classes").hidden = $("start-load").hidden = $("start-guard").hidden = true;
      $("start-limits").textContent = $("start-thresholds").textContent = $("start-variables-known").textContent = "";
    }
    $("start-go").disabled = isBroken;
  }

  function fill(sketch) {
    for (const name of ["host", "users", "spawn_rate", "run_time", "iterations", "stop_timeout", "seed"]) {
      const field = $(`start-${name}`);
      const known = sketch[name];
      if (!desk.touched.has(name)) {
        field.value = known?.value ?? "";
      }
      $(`start-${name}-origin`).textContent = known === null || known === undefined ? "" : known.origin;
    }
    if (sketch.is_demo) {
      $("start-host").placeholder = "the bundled service";
      $("start-host-origin").textContent = "empty: the bundled documents service";
    } else {
      $("start-host").placeholder = "";
    }
    $("start-run_time").placeholder = "until stopped";
    $("start-seed").placeholder = "by chance";
    const load = sketch.shape !== null ? `The load shape ${sketch.shape} says how many users there are.`
      : sketch.scenarios.length > 0 ? `The load is made of scenarios: ${sketch.scenarios.join(", ")}.` : "";
    $("start-load").textContent = load;
    $("start-load").hidden = load === "";
    $("start-users").disabled = $("start-spawn_rate").disabled = load !== "";
    const before = new Map([...$("start-classes").querySelectorAll("input")].map((box) => [box.value, box.checked]));
    const boxes = sketch.classes.map((one) => {
      const isKept = desk.touched.has("classes") && before.has(one.name);
      const box = node("input", { type: "checkbox", value: one.name, checked: isKept ? before.get(one.name) : one.is_chosen });
      const facts = [`weight ${one.weight}`, one.fixed_count > 0 ? `exactly ${one.fixed_count}` : "", one.host ?? ""];
      const told = [facts.filter((fact) => fact !== "").join(", "), one.tasks.join(", ")].join(": ");
      return node("label", { className: "choice" }, box, node("span", { textContent: one.name }), node("small", { textContent: told }));
    });
    const legend = $("start-classes").querySelector("legend");
    $("start-classes").replaceChildren(legend, ...boxes);
    $("start-classes").hidden = boxes.length === 0 || sketch.scenarios.length > 0;
    $("start-limits").textContent = sketch.limits.map(([name, limit]) => `${name} ${limit}`).join(", ");
    $("start-variables-known").textContent = sketch.variables.length > 0 ? `known: ${sketch.variables.join(", ")}` : "";
    $("start-thresholds").textContent =
      sketch.thresholds.length > 0 ? `Thresholds: ${sketch.thresholds.join("; ")}` : "";
    desk.question = sketch.question;
    $("start-guard").hidden = sketch.question === null;
    $("start-question").textContent = sketch.question ?? "";
  }

  async function openForm() {
    desk.wantsForm = true;
    arrange();
    // What was said of an earlier run is no matter of the next one.
    if (desk.source !== "run") {
      showFaults([], "look");
    }
    try {
      await loadCatalog();
      await look(desk.source === "run");
    } catch (faults) {
      showFaults(faults, "look");
    }
  }

  function closeForm() {
    desk.wantsForm = false;
    $("start-confirm").value = "";
    if (desk.source === "look" || desk.source === "start") {
      showFaults([], "look");
    }
    arrange();
  }

  $("start").addEventListener("input", (event) => {
    const name = event.target.name;
    if (event.target.type === "checkbox") {
      desk.touched.add("classes");
    } else if (FIELDS.includes(name)) {
      desk.touched.add(name);
    }
  });
  $("start").addEventListener("change", (event) => {
    if (event.target.name === "script") {
      desk.touched.delete("classes");
    }
    if (["script", "environment", "variables"].includes(event.target.name)) {
      look();
    }
  });
  $("start").addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = asked();
    if (desk.question !== null) {
      body.confirm = $("start-confirm").value;
    }
    $("start-go").disabled = true;
    say("Starting…");
    try {
      await ask("POST", "/api/v1/runs", body);
      showFaults([], "start");
      say("");
      desk.pinned = null;
      closeForm();
    } catch (faults) {
      say("");
      showFaults(faults, "start");
      if ($("start-confirm").getAttribute("aria-invalid") === "true") {
        desk.focus = "start-confirm";
        arrange();
      } else {
        $("faults").scrollIntoView({ block: "nearest" });
      }
    }
    $("start-go").disabled = desk.isBroken;
  });
  $("start-cancel").addEventListener("click", closeForm);
  $("new").addEventListener("click", openForm);

  // Steering -------------------------------------------------------------------------------------------------------

  press("stop", () => ask("POST", "/api/v1/runs/current/stop", { now: desk.status.state === "stopping" }));
  press("reset", () => ask("POST", "/api/v1/runs/current/reset", {}));
  press("pause", () => ask("PATCH", "/api/v1/runs/current", { paused: desk.status.state !== "paused" }));
  $("edit").addEventListener("click", () => {
    const { status } = desk;
    const isScenario = status.scenarios.length > 0;
    $("change-scenario-field").hidden = !isScenario;
    $("change-scenario").replaceChildren(
      ...status.scenarios.map((name) => node("option", { value: name, textContent: name })));
    $("change-users-label").textContent = isScenario ? "Users, or iterations per second" : "Users";
    $("change-rate-field").hidden = isScenario;
    $("change-users").value = isScenario ? "" : (status.target ?? status.users);
    $("change-rate").value = status.spawn_rate ?? "";
    $("change").hidden = false;
    $("change-users").focus();
  });
  $("change-cancel").addEventListener("click", () => {
    $("change").hidden = true;
  });
  $("change").addEventListener("submit", async (event) => {
    event.preventDefault();
    const amount = $("change-users").value.trim();
    const rate = $("change-rate").value.trim();
    const body = {};
    if (desk.status.scenarios.length > 0) {
      Object.assign(body, { scenario: $("change-scenario").value, rate: amount });
    } else {
      Object.assign(body, { users: amount });
      if (rate !== "") {
        body.spawn_rate = rate;
      }
    }
    try {
      const answer = await ask("PATCH", "/api/v1/runs/current", body);
      showFaults([], "steer");
      say(answer.done.join("; "));
      $("change").hidden = true;
    } catch (faults) {
      showFaults(faults, "steer");
    }
  });

  // What is shown --------------------------------------------------------------------------------------------------

  function arrange() {
    const { status } = desk;
    if (status === null) {
      return;
    }
    const { state } = status;
    const isBusy = BUSY.includes(state);
    const isSteered = STEERED.includes(state);
    if (isBusy && state !== "preparing") {
      // What is only prepared may come to nothing: then the form is wanted again.
      desk.wantsForm = false;
    }
    const isForm = !isBusy && !status.is_closing && status.follows === null && (desk.wantsForm || state === "ready");
    $("start").hidden = !isForm;
    $("start-cancel").hidden = status.run === null;
    // While a start is looked at there is no form: what is to be filled in there is shown once it is back.
    if (isForm && desk.focus !== null) {
      $(desk.focus).focus();
      desk.focus = null;
    }
    $("run").hidden = isForm || desk.shown === null;
    $("state").textContent = WORDS[state] ?? state;
    $("state").dataset.state = state;
    $("new").hidden = isBusy || isForm || status.is_closing || status.follows !== null;
    $("edit").hidden = !isSteered || status.shape !== null;
    $("pause").hidden = !isSteered;
    $("pause").textContent = state === "paused" ? "Resume" : "Pause";
    $("reset").hidden = !isSteered;
    $("stop").hidden = !isBusy;
    $("stop").textContent = state === "stopping" ? "Stop now" : "Stop";
    $("change").hidden = $("change").hidden || !isSteered;
    document.title = status.run === null ? "e2e" : `e2e: ${WORDS[state] ?? state}`;
  }

  // The whole of a run; beats that come meanwhile are put on top.
  async function show(run) {
    const waiting = [];
    desk.waiting = waiting;
    let whole;
    try {
      whole = await ask("GET", `/api/v1/runs/${run}`);
    } catch {
      // It has nothing to show yet, or is not kept any more.
      if (desk.waiting === waiting) {
        desk.waiting = null;
      }
      return;
    }
    if (desk.waiting !== waiting) {
      return;
    }
    desk.waiting = null;
    desk.shown = whole.run;
    desk.number = whole.number;
    $("run").hidden = !$("start").hidden;
    E2E.show(whole.view, $("run"));
    $("run").dataset.run = whole.run;
    waiting.forEach(beat);
  }

  function beat(told) {
    if (desk.waiting !== null) {
      desk.waiting.push(told);
    } else if (desk.pinned !== null || told.number <= desk.number && told.run === desk.shown) {
      return;
    } else if (told.run !== desk.shown || told.number !== desk.number + 1) {
      // Some were missed.
      show("current");
    } else {
      desk.number = told.number;
      if (!E2E.beat(told.beat)) {
        show("current");
      }
    }
  }

  function status(now) {
    const before = desk.status;
    desk.status = now;
    arrange();
    if (now.is_closing) {
      say("e2e ends.");
    } else if (now.follows !== null) {
      const what = BUSY.includes(now.state) ? "What is changed here is changed in all its processes." : "It is over.";
      say(`This page follows run ${now.follows}, and starts none. ${what}`);
    } else if (before !== null && now.state !== before.state) {
      say("");
    }
    if (before === null && now.state === "ready" && now.follows === null) {
      openForm();
    }
    const isNew = now.run !== before?.run;
    // The others have their answer: whoever asked was told.
    if (now.are_faults_untold && JSON.stringify(now.faults) !== JSON.stringify(before?.faults)) {
      showFaults(now.faults, "run");
    } else if (desk.source !== null && BUSY.includes(now.state) && (isNew || !BUSY.includes(before?.state))) {
      showFaults([], "run");
    }
    if (isNew && BUSY.includes(now.state)) {
      desk.pinned = null;
    }
    if (now.run !== null && desk.pinned === null && (isNew || now.run !== desk.shown || now.state !== before?.state)) {
      show("current");
    }
    if (before === null || isNew || now.state !== before.state || now.runs.length !== before.runs.length) {
      list();
    }
  }

  // Runs of the session ----------------------------------------------------------------------------------------------

  async function list() {
    const runs = await ask("GET", "/api/v1/runs").catch(() => []);
    const known = runs.filter((run) => run.run !== null);
    const ended = known.filter((run) => run.state === "stopped");
    if (ended.length > 0 && $("history").hidden) {
      $("history").hidden = false;
      E2E.slot("history").append($("history"));
    }
    $("history-rows").replaceChildren(...ended.map((run) => node("tr", {},
      node("th", { scope: "row", textContent: run.run }),
      node("td", { textContent: run.scripts.join(" + ") }),
      node("td", { textContent: run.environment ?? "" }),
      node("td", { textContent: run.most_users ?? "" }),
      node("td", { textContent: `${run.elapsed.toFixed(1)} s` }),
      node("td", { textContent: run.code ?? "" }),
      node("td", {}, node("button", { type: "button", textContent: "Show", ariaLabel: `Show run ${run.run}`,
        onclick: () => {
          desk.pinned = run.run === desk.status.run ? null : run.run;
          desk.wantsForm = false;
          arrange();
          show(run.run);
          E2E.selectTab("statistics");
        } })),
      node("td", {}, node("input", { type: "checkbox", ariaLabel: `Compare run ${run.run}`,
        checked: desk.compared.includes(run.run), onchange: (event) => choose(run.run, event.target.checked) })))));
    const select = $("downloads-run");
    const before = select.value;
    select.replaceChildren(...known.map((run) => node("option", { value: run.run, textContent: `${run.run} (${WORDS[run.state] ?? run.state})` })));
    const isThere = known.some((run) => String(run.run) === before) && !BUSY.includes(desk.status.state);
    select.value = isThere && desk.pinned !== null ? before : (known.at(-1)?.run ?? "");
    if (known.length > 0 && $("downloads").hidden) {
      $("downloads").hidden = false;
      E2E.slot("download").append($("downloads"));
    }
    offer();
  }

  async function offer() {
    const run = $("downloads-run").value;
    if (run === "") {
      return;
    }
    const files = await ask("GET", `/api/v1/runs/${run}/files`).catch(() => []);
    $("downloads-files").replaceChildren(...files.map((file) => node("li", {},
      node("a", { className: "button", href: `/api/v1/runs/${run}/files/${file.name}`, download: "", textContent: file.name }))));
  }
  $("downloads-run").addEventListener("change", offer);

  async function choose(run, isChosen) {
    desk.compared = desk.compared.filter((other) => other !== run);
    if (isChosen) {
      desk.compared = [...desk.compared, run].slice(-2);
    }
    $("history-rows").querySelectorAll("input").forEach((box) => {
      box.checked = desk.compared.some((chosen) => box.ariaLabel === `Compare run ${chosen}`);
    });
    $("compared").replaceChildren();
    if (desk.compared.length === 2) {
      const [a, b] = await Promise.all([...desk.compared].sort((a, b) => a - b).map((id) => ask("GET", `/api/v1/runs/${id}`)));
      E2E.compare(a.view, b.view, $("compared"));
    }
  }

  // What happens -----------------------------------------------------------------------------------------------------

  const source = new EventSource("/api/v1/events");
  source.addEventListener("status", (event) => status(JSON.parse(event.data)));
  source.addEventListener("beat", (event) => beat(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    $("state").textContent = "no connection";
    $("state").dataset.state = "lost";
    // Whatever comes first afterwards is drawn anew.
    desk.shown = null;
    desk.status = desk.status === null ? null : { ...desk.status, state: "lost" };
  });
})();
