// The panels of what was measured: statistics, checks, thresholds, groups, failures, exceptions.
(function (E2E) {
  const make = E2E.make;
  const { number, text } = E2E;

  const HEADS = ["50 %", "66 %", "75 %", "80 %", "90 %", "95 %", "98 %", "99 %", "99.9 %", "99.99 %", "100 %"];
  const SHOWN = ["50 %", "95 %", "99 %"];

  const bad = (name) => (row) => (row[name] > 0 ? "e2e-bad" : null);
  const key = (...names) => (row) => JSON.stringify(names.map((name) => row[name]));
  const section = (title, ...parts) => make("section", { class: "e2e-section" }, make("h3", null, title), parts);

  // Hides a section while there is nothing in it.
  const only = (element, is) => {
    element.hidden = !is;
  };

  const left = (count, what) => (count ? "… and " + E2E.plural(count, what) + " more; the result files have them all." : "");

  E2E.Statistics = class {
    constructor() {
      const columns = [
        text("method", "Type", { hint: "Type: the method" }),
        text("name", "Name", { fixed: true }),
        number("requests", "# reqs", E2E.count, { hint: "# reqs: requests" }),
        number("failures", "# fails", E2E.count, { hint: "# fails: failed requests", mark: bad("failures") }),
        { name: "ratio", head: "fails %", hint: "fails %: failed requests of all", value: (row) => (row.requests ? row.failures / row.requests : 0), show: (row) => E2E.percent(row.requests ? row.failures / row.requests : 0), mark: bad("failures") },
        number("average", "Average", E2E.ms, { hint: "Average (ms)" }),
        number("min", "Min", E2E.ms, { hint: "Min (ms)" }),
        number("median", "Median", E2E.ms, { hint: "Median (ms)", off: true }),
        ...HEADS.map((head, index) => ({
          name: head,
          head,
          hint: head + " (ms)",
          off: !SHOWN.includes(head),
          value: (row) => (row.percentiles.length ? row.percentiles[index] : null),
          show: (row) => E2E.ms(row.percentiles.length ? row.percentiles[index] : null),
        })),
        number("max", "Max", E2E.ms, { hint: "Max (ms)" }),
        number("average_bytes", "Avg size", (value) => E2E.count(value), { hint: "Average size of a body (bytes)" }),
        number("rps", "RPS", E2E.rate, { hint: "RPS: requests per second, in the last 10 s; once the run has ended, over all of it" }),
        number("fps", "Fails/s", E2E.rate, { hint: "Fails/s: failures per second, in the last 10 s; once the run has ended, over all of it", mark: bad("failures") }),
        number("total_rps", "RPS overall", E2E.rate, { hint: "RPS overall: over all of the run", off: true }),
        number("total_fps", "Fails/s overall", E2E.rate, { hint: "Fails/s overall: over all of the run", off: true }),
      ];
      this.table = new E2E.Table(columns, { name: "statistics", caption: "Statistics of requests, times in ms", key: key("method", "name"), filter: "name or type", choose: true, empty: "No request so far." });
      this.note = make("p", { class: "e2e-none" });
      this.element = make("div", null, this.table.element, this.note);
    }

    update(view) {
      this.table.update(view.rows, view.rows.length ? view.total : null);
      E2E.setText(this.note, left(view.left_out.rows, "name"));
    }
  };

  const MARKS = { held: ["✓ held", "e2e-good"], crossed: ["✗ crossed", "e2e-bad"], unknown: ["? unknown", "e2e-warn"] };

  E2E.Checks = class {
    constructor() {
      const held = (row) => row.passes / (row.passes + row.fails);
      this.thresholds = new E2E.Table(
        [
          { name: "outcome", head: "Outcome", text: true, value: (row) => row.outcome, show: (row) => MARKS[row.outcome][0], mark: (row) => MARKS[row.outcome][1] },
          text("selector", "Metric", { fixed: true }),
          text("expression", "Threshold"),
          text("measured", "Measured", { mark: (row) => (row.outcome === "held" ? null : MARKS[row.outcome][1]) }),
        ],
        { name: "thresholds", caption: "Thresholds", key: key("selector", "expression"), empty: "There are no thresholds." },
      );
      this.checks = new E2E.Table(
        [
          { name: "outcome", head: "Outcome", text: true, value: (row) => (row.fails ? "failed" : "held"), show: (row) => (row.fails ? "✗ failed" : "✓ held"), mark: (row) => (row.fails ? "e2e-bad" : "e2e-good") },
          text("name", "Check", { fixed: true }),
          text("group", "Group"),
          number("passes", "Passes", E2E.count),
          number("fails", "Fails", E2E.count, { mark: bad("fails") }),
          { name: "held", head: "Held", value: held, show: (row) => E2E.percent(held(row)), mark: bad("fails") },
        ],
        { name: "checks", caption: "Checks", key: key("group", "name"), filter: "check or group", empty: "There are no checks." },
      );
      this.groups = new E2E.Table(
        [
          text("path", "Group", { fixed: true }),
          number("count", "Times", E2E.count),
          number("average", "Average", E2E.ms, { hint: "Average (ms)" }),
          number("min", "Min", E2E.ms, { hint: "Min (ms)" }),
          number("median", "Median", E2E.ms, { hint: "Median (ms)" }),
          number("p95", "95 %", E2E.ms, { hint: "95 % (ms)" }),
          number("max", "Max", E2E.ms, { hint: "Max (ms)" }),
          number("requests", "# reqs", E2E.count),
          number("failures", "# fails", E2E.count, { mark: bad("failures") }),
        ],
        { name: "groups", caption: "Groups, times in ms", key: key("path") },
      );
      this.metrics = new E2E.Table(
        [
          { name: "name", head: "Metric", text: true, fixed: true, value: (row) => row.name, show: (row) => row.name + (row.unit ? " (" + row.unit + ")" : "") },
          text("tags", "Tags"),
          text("kind", "Kind"),
          { name: "values", head: "Values", text: true, value: (row) => row.values.map((pair) => pair.join(" ")).join(" "), show: (row) => row.values.map((pair) => pair[0] + " " + pair[1]).join(" · ") },
        ],
        { name: "metrics", caption: "Metrics of the scripts", key: key("name", "kind", "unit", "tags") },
      );
      this.arrivals = new E2E.Table(
        [
          text("scenario", "Scenario", { fixed: true }),
          text("metric", "Metric"),
          number("count", "Count", E2E.count),
          ...["average", "min", "median", "p95", "p99", "max"].map((name) => number(name, name[0].toUpperCase() + name.slice(1), E2E.ms, { hint: name + " (ms)" })),
        ],
        { name: "arrivals", caption: "Arrivals, times in ms", key: key("scenario", "metric") },
      );
      this.parts = {
        groups: section("Groups", this.groups.element),
        metrics: section("Metrics of the scripts", this.metrics.element),
        arrivals: section("Arrivals", this.arrivals.element),
      };
      this.element = make("div", null, section("Thresholds", this.thresholds.element), section("Checks", this.checks.element), Object.values(this.parts));
    }

    update(view) {
      this.thresholds.update(view.thresholds);
      this.checks.update(view.checks);
      for (const name of Object.keys(this.parts)) {
        this[name].update(view[name]);
        only(this.parts[name], view[name].length > 0);
      }
    }
  };

  E2E.Failures = class {
    constructor() {
      this.table = new E2E.Table(
        [
          number("count", "# fails", E2E.count, { mark: () => "e2e-bad" }),
          text("method", "Method"),
          text("name", "Name", { fixed: true }),
          text("error", "Error", { wrap: true }),
          number("first", "First seen", E2E.clock),
          number("last", "Last seen", E2E.clock),
        ],
        { name: "failures", caption: "Failures", key: key("method", "name", "error"), filter: "name or error", sort: ["count", true], empty: "No request has failed." },
      );
      this.note = make("p", { class: "e2e-none" });
      this.element = make("div", null, this.table.element, this.note);
    }

    update(view) {
      this.table.update(view.failures);
      E2E.setText(this.note, left(view.left_out.failures, "failure"));
    }
  };

  E2E.Exceptions = class {
    constructor() {
      this.list = make("div", { class: "e2e-exceptions" });
      this.none = make("p", { class: "e2e-none" }, "No script has raised an error.");
      this.note = make("p", { class: "e2e-none" });
      this.known = new Map();
      this.element = make("div", null, this.none, this.list, this.note);
    }

    update(view) {
      const seen = new Set();
      for (const row of view.exceptions) {
        const name = key("message", "traceback")(row);
        seen.add(name);
        if (!this.known.has(name)) this.known.set(name, this.one(row));
        const { element, count, place } = this.known.get(name);
        E2E.setText(count, E2E.count(row.count) + "×");
        const where = [row.class, row.task].filter(Boolean).join(".");
        E2E.setText(place, "first " + (where ? "in " + where + " " : "") + "at " + E2E.clock(row.first) + ", last at " + E2E.clock(row.last));
        this.list.append(element);
      }
      for (const [name, one] of this.known) {
        if (seen.has(name)) continue;
        one.element.remove();
        this.known.delete(name);
      }
      this.none.hidden = view.exceptions.length > 0;
      E2E.setText(this.note, left(view.left_out.exceptions, "exception"));
    }

    one(row) {
      const [count, place] = [make("span", { class: "e2e-count e2e-bad" }), make("span", { class: "e2e-place" })];
      const head = [count, make("span", { class: "e2e-message" }, row.message), place];
      const trace = row.traceback.trim();
      if (!trace) return { element: make("div", { class: "e2e-card e2e-exception" }, make("div", { class: "e2e-exception-head" }, head)), count, place };
      const box = make("pre", { class: "e2e-trace", tabindex: "0", "aria-label": "Traceback" }, row.traceback);
      return { element: make("details", { class: "e2e-card e2e-exception", open: true }, make("summary", null, head), box), count, place };
    }
  };
})(window.E2E);
