// The panels of how the run is made: ratio, workers, logs, configuration.
(function (E2E) {
  const make = E2E.make;
  const { number, text } = E2E;

  const section = (title, ...parts) => make("section", { class: "e2e-section" }, make("h3", null, title), parts);

  // Texts that were shown need not be made again.
  const once = (panel, value, draw) => {
    const now = JSON.stringify(value);
    if (panel.drawn === now) return;
    panel.drawn = now;
    draw();
  };

  const bar = (ratio) => {
    const fill = make("span", { class: "e2e-fill" });
    fill.style.setProperty("--part", (Math.max(0, Math.min(1, ratio)) * 100).toFixed(2) + "%");
    return make("span", { class: "e2e-bar", "aria-hidden": "true" }, fill);
  };

  E2E.Ratio = class {
    constructor() {
      this.classes = make("div");
      this.perClass = make("div");
      this.total = make("div");
      this.active = section("Active users by class", this.classes);
      this.element = make("div", null, this.active, make("div", { class: "e2e-columns" }, section("Tasks of each class", this.perClass), section("Tasks of all users", this.total)));
    }

    update(view) {
      once(this, [view.classes, view.shares], () => {
        const none = () => make("p", { class: "e2e-none" }, "Not known.");
        this.active.hidden = view.classes.length === 0;
        E2E.replace(this.classes, this.tree(view.classes, 1));
        E2E.replace(this.perClass, view.shares.length ? this.tree(view.shares, null) : none());
        E2E.replace(this.total, view.shares.length ? this.tree(view.shares, 1) : none());
      });
    }

    // `above`: what the parts are multiplied by where they count within the whole; null where each level is its own.
    tree(shares, above) {
      const item = (share) => {
        const ratio = share.ratio * (above === null ? 1 : above);
        const line = make("div", { class: "e2e-share" }, make("span", { class: "e2e-share-name" }, share.name), bar(ratio), make("span", { class: "e2e-share-part" }, (ratio * 100).toFixed(1) + " %"));
        return make("li", null, line, share.parts.length ? this.tree(share.parts, above === null ? null : ratio) : null);
      };
      return make("ul", { class: "e2e-tree" }, shares.map(item));
    }
  };

  E2E.Workers = class {
    constructor() {
      const part = (value) => (value === null ? "–" : (value * 100).toFixed(0) + " %");
      const name = text("name", "Worker", { fixed: true });
      const requests = number("requests", "# reqs", E2E.count, { hint: "# reqs: requests since the start" });
      const busiest = number("busiest", "CPU at most", part, { hint: "CPU at most: of a core, in the busiest second", mark: (row) => (row.busiest > 0.95 ? "e2e-warn" : null) });
      const options = { name: "workers", caption: "Workers", key: (row) => row.name, empty: "Nothing is known of workers." };
      this.live = new E2E.Table(
        [
          name,
          number("users", "Users", E2E.count, { hint: "Users (VUs) that are active" }),
          number("rps", "RPS", E2E.rate, { hint: "RPS: requests in the last second" }),
          requests,
          number("cpu", "CPU", part, { hint: "CPU: of a core, in the last second", mark: (row) => (row.cpu > 0.95 ? "e2e-warn" : null) }),
          busiest,
          number("waited", "Waited for a core", part, { hint: "Part of the last second that it could have run, but had no core", mark: (row) => (row.waited > 0.4 ? "e2e-warn" : null) }),
          number("late", "Late (ms)", E2E.ms, { hint: "How late what was due came, on average in the last second", mark: (row) => (row.late > 20 ? "e2e-warn" : null) }),
          number("latest", "Latest (ms)", E2E.ms, { hint: "And at most since the start" }),
        ],
        options,
      );
      // Of a run that is over the last second says nothing.
      this.whole = new E2E.Table(
        [
          name,
          number("most_users", "Users at most", (users) => (users ? E2E.count(users) : "–"), { hint: "Users (VUs) that were active at once" }),
          number("rps", "RPS", E2E.rate, { hint: "RPS: over all of the run" }),
          requests,
          busiest,
          number("latest", "Late at most (ms)", E2E.ms, { hint: "How late what was due came, at most" }),
        ],
        { ...options, caption: "Workers, over all of the run" },
      );
      this.element = make("div", null, this.live.element, this.whole.element, make("p", { class: "e2e-none" }, "A worker is a thread for a core. One that is late, or waits for a core, measures its own machine rather than the server."));
    }

    update(view) {
      const isOver = view.run.ended_at !== null;
      this.live.element.hidden = isOver;
      this.whole.element.hidden = !isOver;
      (isOver ? this.whole : this.live).update(view.workers);
    }
  };

  // The run beside an earlier one (`--baseline`).
  E2E.Baseline = class {
    constructor() {
      const marks = { better: "e2e-good", worse: "e2e-bad", other: "e2e-warn" };
      this.table = new E2E.Table(
        [
          text("method", "Type"),
          text("name", "Name", { fixed: true }),
          text("percentile", "Percentile"),
          number("before", "Before", E2E.ms, { hint: "Before (ms)" }),
          number("now", "Now", E2E.ms, { hint: "Now (ms)" }),
          { name: "change", head: "Change", value: (row) => row.now / row.before, show: (row) => row.change, mark: (row) => marks[row.meaning] || null },
          { name: "interval", head: "95 % interval", text: true, value: (row) => row.interval },
          { name: "failed", head: "Failed", text: true, value: (row) => row.failed.join(" → ") },
        ],
        { name: "baseline", caption: "Compared with the baseline, times in ms", key: (row) => JSON.stringify([row.method, row.name, row.percentile]), filter: "name or type", empty: "Nothing can be compared." },
      );
      this.notes = make("div");
      this.element = make("div", null, this.table.element, this.notes);
    }

    update(view) {
      const { rows, notes } = view.comparison || { rows: [], notes: [] };
      this.table.update(rows);
      const left = view.left_out.compared;
      const more = left ? ["… and " + E2E.plural(left, "row") + " more; the terminal has them all."] : [];
      E2E.replace(this.notes, [...more, ...notes].map((note) => make("p", { class: note.startsWith("!") ? "e2e-warn" : "e2e-none" }, note)));
    }
  };

  E2E.Logs = class {
    constructor() {
      this.list = make("div", { class: "e2e-log", tabindex: "0", role: "log", "aria-live": "off", "aria-label": "Log" });
      this.none = make("p", { class: "e2e-none" }, "Nothing was logged.");
      this.last = -1;
      this.element = make("div", null, this.none, this.list);
    }

    update(view) {
      const list = this.list;
      if (view.logs.length && view.logs[view.logs.length - 1].number < this.last) {
        this.last = -1;
        list.replaceChildren();
      }
      const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 24;
      for (const line of view.logs) {
        if (line.number <= this.last) continue;
        this.last = line.number;
        const level = make("span", { class: "e2e-level" }, line.level.toUpperCase());
        list.append(make("div", { class: "e2e-line e2e-" + line.level }, make("time", { datetime: new Date(line.at).toISOString() }, E2E.clock(line.at)), level, make("span", { class: "e2e-source" }, line.source), make("span", { class: "e2e-said" }, line.text)));
      }
      while (list.childElementCount > 300) list.firstElementChild.remove();
      this.none.hidden = list.childElementCount > 0;
      list.hidden = list.childElementCount === 0;
      if (atEnd) list.scrollTop = list.scrollHeight;
    }
  };

  E2E.Configuration = class {
    constructor() {
      this.run = make("dl", { class: "e2e-facts" });
      this.machine = make("dl", { class: "e2e-facts" });
      this.settings = new E2E.Table(
        [text("name", "Setting", { fixed: true }), text("value", "Value", { wrap: true }), text("origin", "From", { wrap: true })],
        { name: "settings", caption: "Configuration and where each value came from", key: (row) => row.name + "\n" + row.value, filter: "setting, value or source", empty: "Not known." },
      );
      this.element = make("div", null, make("div", { class: "e2e-columns" }, section("Run", this.run), section("Generator", this.machine)), section("Configuration", this.settings.element));
    }

    update(view) {
      const { run, machine } = view;
      const facts = (list, pairs) => E2E.replace(list, pairs.filter((pair) => pair[1] !== null && pair[1] !== undefined && pair[1] !== "").map(([name, value]) => make("div", null, make("dt", null, name), make("dd", null, value))));
      once(this, [run, machine, view.settings], () => {
        facts(this.run, [
          ["Scripts", run.scripts.join(", ")],
          ["Environment", run.environment],
          ["Host", run.host],
          ["Classes", run.classes.join(", ")],
          ["Users", run.scenarios.length || run.shape ? null : E2E.count(run.users)],
          ["Spawn rate", run.scenarios.length || run.shape ? null : E2E.rate(run.spawn_rate) + "/s"],
          ["Load shape", run.shape],
          ["Scenarios", run.scenarios.join(", ")],
          ["Run time", run.run_time === null ? "until it is stopped" : E2E.duration(run.run_time)],
          ["Workers", String(run.workers)],
          ["Seed", run.seed],
          ["Started", E2E.moment(run.started_at)],
          ["Ended", run.ended_at === null ? null : E2E.moment(run.ended_at)],
          ["Ended by", run.stop],
          ["Exit code", run.exit_code === null ? null : String(run.exit_code)],
        ]);
        facts(
          this.machine,
          machine
            ? [
                ["e2e", machine.version],
                ["System", machine.os],
                ["CPU", machine.cpu],
                ["Cores", String(machine.cores)],
                ["Memory", E2E.bytes(machine.memory)],
                ["Open files", machine.open_files === null ? null : E2E.count(machine.open_files)],
              ]
            : [["Machine", "not known"]],
        );
        this.settings.update(view.settings);
      });
    }
  };
})(window.E2E);
