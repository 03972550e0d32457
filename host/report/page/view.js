// The whole page of a run: `E2E.show(view, element)` draws it, `E2E.beat(beat)` brings it up to date.
(function (E2E) {
  const make = E2E.make;
  let page = null;
  const slots = new Map();

  const TABS = [
    ["statistics", "Statistics", E2E.Statistics],
    ["charts", "Charts", E2E.Charts],
    ["checks", "Checks and thresholds", E2E.Checks],
    ["failures", "Failures", E2E.Failures],
    ["exceptions", "Exceptions", E2E.Exceptions],
    ["ratio", "Current ratio", E2E.Ratio],
    ["workers", "Workers", E2E.Workers],
    ["logs", "Logs", E2E.Logs],
    ["configuration", "Configuration", E2E.Configuration],
  ];
  // Where there is something to compare with.
  const BASELINE = ["baseline", "Baseline", E2E.Baseline];
  // Those that the page around this one fills.
  const SLOTS = [
    ["download", "Download"],
    ["history", "History"],
  ];

  const WORDS = {
    passed: ["✓ passed", "e2e-good"],
    failed: ["✗ failed", "e2e-bad"],
    aborted: ["✗ aborted", "e2e-bad"],
    inconclusive: ["? inconclusive", "e2e-warn"],
    stopped: ["! stopped", "e2e-warn"],
    unjudged: ["… not judged yet", ""],
  };
  const MARKS = { failure: ["✗", "e2e-bad"], unknown: ["?", "e2e-warn"], note: ["!", "e2e-warn"] };

  const isOver = (view) => view.run.ended_at !== null;

  const FIGURES = [
    ["users", (view) => (isOver(view) ? "Users at most" : "Users"), (view) => isOver(view) ? E2E.count(view.run.most_users) : E2E.count(view.now.users) + (view.run.users > view.now.users ? " / " + E2E.count(view.run.users) : "")],
    ["rps", (view) => (isOver(view) ? "RPS, whole run" : "RPS, last 10 s"), (view) => E2E.rate(view.now.rps)],
    ["failures", "Failures", (view) => E2E.percent(view.now.failure_ratio), (view) => (view.now.failures ? "e2e-bad" : null)],
    ["p50", "p50", (view) => E2E.msWithUnit(view.now.p50)],
    ["p95", "p95", (view) => E2E.msWithUnit(view.now.p95)],
    ["p99", "p99", (view) => E2E.msWithUnit(view.now.p99)],
    ["requests", "Requests", (view) => E2E.count(view.now.requests)],
    ["elapsed", "Elapsed", (view) => E2E.duration(view.run.elapsed)],
  ];

  class Page {
    constructor(element) {
      this.host = element;
      this.dirty = new Set();
      this.title = make("h1");
      this.where = make("p", { class: "e2e-where" });
      this.state = make("span", { class: "e2e-state", role: "status" });
      this.actions = make("div", { class: "e2e-actions" });
      this.figures = FIGURES.map(([name, title, show, mark]) => {
        const [label, value] = [make("span", { class: "e2e-label" }), make("span", { class: "e2e-value" })];
        return { label, value, title, show, mark, element: make("div", { class: "e2e-tile", "data-figure": name }, label, value) };
      });
      this.verdict = make("div", { class: "e2e-verdict" });
      this.tabs = new E2E.Tabs("Parts of the run", (name) => this.chosen(name));
      this.panels = new Map();
      TABS.forEach(([name, title, Panel], index) => {
        const panel = new Panel();
        this.panels.set(name, panel);
        this.tabs.add(name, title, panel.element, index);
      });
      this.element = make(
        "div",
        { class: "e2e" },
        make("div", { class: "e2e-header" }, make("div", { class: "e2e-named" }, make("div", { class: "e2e-titled" }, this.title, this.state), this.where), make("div", { class: "e2e-right" }, this.actions, E2E.themeSwitch())),
        make("div", { class: "e2e-main" }, make("div", { class: "e2e-tiles" }, this.figures.map((figure) => figure.element)), this.verdict, this.tabs.element),
      );
      E2E.replace(element, this.element);
      slots.forEach((slot, name) => this.fill(name, slot));
      this.tabs.select(window.location.hash.slice(1) || "statistics");
    }

    fill(name, slot) {
      const place = SLOTS.findIndex((known) => known[0] === name);
      if (place < 0) {
        this.actions.append(slot);
      } else if (!this.tabs.has(name)) {
        this.tabs.add(name, SLOTS[place][1], slot, TABS.length + place);
      }
    }

    chosen(name) {
      if (!this.view) return;
      // A reload, or a link, leads to the same tab.
      try {
        if (name !== window.location.hash.slice(1)) window.history.replaceState(window.history.state, "", "#" + name);
      } catch (_) {
        // A file in a frame has no history.
      }
      if (this.dirty.delete(name)) this.panels.get(name).update(this.view);
      const panel = this.panels.get(name);
      if (panel && panel.resize) panel.resize();
    }

    // Only what is seen is drawn now, the rest when it is looked at.
    update(view) {
      this.view = view;
      const { run, now } = view;
      const title = run.scripts.join(", ") || "e2e";
      E2E.setText(this.title, title);
      E2E.setText(this.where, [run.environment, run.host, E2E.moment(run.started_at)].filter(Boolean).join(" · "));
      E2E.setText(this.state, run.state);
      this.state.className = "e2e-state e2e-state-" + run.state;
      if (view.comparison && !this.tabs.has(BASELINE[0])) {
        const panel = new BASELINE[2]();
        this.panels.set(BASELINE[0], panel);
        this.tabs.add(BASELINE[0], BASELINE[1], panel.element, 2.5);
      }
      for (const { label, value, title, show, mark } of this.figures) {
        E2E.setText(label, typeof title === "string" ? title : title(view));
        E2E.setText(value, show(view));
        value.className = "e2e-value " + ((mark && mark(view)) || "");
      }
      this.judge(view);
      const failed = view.thresholds.filter((one) => one.outcome === "crossed").length + view.checks.filter((one) => one.fails).length;
      this.tabs.badge("checks", failed, "e2e-badge-bad");
      this.tabs.badge("failures", now.failures, "e2e-badge-bad");
      this.tabs.badge("exceptions", now.exceptions, "e2e-badge-bad");
      for (const name of this.panels.keys()) this.dirty.add(name);
      const panel = this.panels.get(this.tabs.current);
      if (panel) {
        this.dirty.delete(this.tabs.current);
        panel.update(view);
      }
    }

    judge(view) {
      const { verdict } = view.now;
      const nothing = isOver(view) && view.now.requests === 0;
      const shown = JSON.stringify([verdict, view.notes, view.run.stop, view.run.exit_code, nothing]);
      if (this.judged === shown) return;
      this.judged = shown;
      const [word, mark] = WORDS[verdict.word] || ["", ""];
      this.verdict.className = "e2e-verdict " + mark;
      this.verdict.hidden = !word;
      const ended = verdict.is_final && view.run.stop ? [nothing ? "nothing was requested" : null, view.run.stop, view.run.exit_code ? "exit code " + view.run.exit_code : null].filter(Boolean).join(" · ") : null;
      const item = ([sign, color], text) => make("li", null, make("span", { class: "e2e-mark " + color }, sign), " ", text);
      const list = [...verdict.reasons.map((reason, index) => item(MARKS[verdict.kinds[index]] || MARKS.unknown, reason)), ...view.notes.map((note) => item(MARKS.note, note))];
      E2E.replace(
        this.verdict,
        make("p", { class: "e2e-word" }, make("strong", null, word + (verdict.is_final || verdict.word === "unjudged" ? "" : " so far")), ended ? make("span", null, ended) : null),
        list.length ? make("ul", null, list) : document.createDocumentFragment(),
      );
    }

    // Everything, for print.
    drawAll() {
      for (const name of [...this.dirty]) {
        this.dirty.delete(name);
        this.panels.get(name).update(this.view);
      }
    }
  }

  // Draws a view into the element, in place of what was there. What the visitor chose stays.
  E2E.show = function (view, element) {
    if (!page || page.host !== element || !element.contains(page.element)) page = new Page(element);
    view.series.endpoints = view.series.endpoints || [];
    page.update(view);
  };

  // Brings what is shown up to date. False where the beat is of another run: its view must be shown first.
  E2E.beat = function (beat) {
    if (!page || !page.view || page.view.run.started_at !== beat.run.started_at) return false;
    const { point, logs, ...state } = beat;
    const view = Object.assign(page.view, state);
    E2E.append(view.series, point);
    const last = view.logs.length ? view.logs[view.logs.length - 1].number : -1;
    view.logs = view.logs.concat(logs.filter((line) => line.number > last)).slice(-300);
    page.update(view);
    return true;
  };

  // An element for the page around this one: `actions` beside the title, and what stands in the tabs `download`
  // and `history`, which are there once somebody asked for them.
  E2E.slot = function (name) {
    if (!slots.has(name)) {
      slots.set(name, make("div", { class: "e2e-slot e2e-slot-" + name }));
      if (page) page.fill(name, slots.get(name));
    }
    return slots.get(name);
  };

  E2E.selectTab = (name) => page && page.tabs.select(name);

  const print = (is) => {
    if (!page || !page.view) return;
    page.drawAll();
    page.panels.get("charts").print(is);
  };
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
  // A file shows everything at once, so that it can be printed by any means.
  E2E.drawAll = () => page && page.view && page.drawAll();
})(window.E2E);
