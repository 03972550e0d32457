// Two runs side by side, with what differs between them.
(function (E2E) {
  const make = E2E.make;
  const { text } = E2E;

  // How much more b is than a, in words; `better` is -1 where less is better, 1 where more is, 0 where neither.
  const difference = (a, b, better) => {
    if (a === null || b === null || a === undefined || b === undefined) return ["–", null];
    if (a === b) return ["same", null];
    if (a === 0) return ["from none", better * b > 0 ? "e2e-good" : better ? "e2e-bad" : null];
    const part = (b / a - 1) * 100;
    const shown = (part > 0 ? "+" : "−") + Math.abs(part).toFixed(Math.abs(part) < 10 ? 1 : 0) + " %";
    // A percent or two is noise.
    const mark = !better || Math.abs(part) < 2 ? null : part * better > 0 ? "e2e-good" : "e2e-bad";
    return [shown, mark];
  };

  const figure = (name, a, b, show, better) => ({ name, a, b, show, better });

  const ratio = (part, whole) => (whole ? part / whole : null);

  // Counts grow with the time that a run took: only what is a part, a rate or a time is better or worse.
  const figures = (a, b) => [
    figure("Requests", a.now.requests, b.now.requests, E2E.count, 0),
    figure("Failures", a.now.failures, b.now.failures, E2E.count, 0),
    figure("Failure ratio", a.now.failure_ratio, b.now.failure_ratio, E2E.percent, -1),
    figure("Requests per second", a.total.total_rps, b.total.total_rps, E2E.rate, 1),
    figure("Average (ms)", a.total.average, b.total.average, E2E.ms, -1),
    figure("p50 (ms)", a.now.p50, b.now.p50, E2E.ms, -1),
    figure("p95 (ms)", a.now.p95, b.now.p95, E2E.ms, -1),
    figure("p99 (ms)", a.now.p99, b.now.p99, E2E.ms, -1),
    figure("Max (ms)", a.total.max, b.total.max, E2E.ms, -1),
    figure("Failed checks", a.now.checks_failed, b.now.checks_failed, E2E.count, 0),
    figure("Failed checks, ratio", ratio(a.now.checks_failed, a.now.checks), ratio(b.now.checks_failed, b.now.checks), E2E.percent, -1),
    figure("Exceptions", a.now.exceptions, b.now.exceptions, E2E.count, 0),
    figure("Users at most", a.run.most_users, b.run.most_users, E2E.count, 0),
    figure("Lasted (s)", a.run.elapsed, b.run.elapsed, (value) => value.toFixed(1), 0),
  ];

  const run = (view, label) => {
    const at = E2E.moment(view.run.started_at);
    return make("div", { class: "e2e-card e2e-compared" }, make("strong", null, label + ": " + view.run.scripts.join(", ")), make("span", null, at + " · " + view.run.environment + " · " + view.now.verdict.word));
  };

  // Draws the comparison of view `a` with the later view `b`.
  E2E.compare = function (a, b, element) {
    const value = (side) => ({ name: side, head: side.toUpperCase(), value: (row) => row[side], show: (row) => row.show(row[side]) });
    const changed = {
      name: "change",
      head: "Difference",
      value: (row) => (row.a ? row.b / row.a - 1 : null),
      show: (row) => difference(row.a, row.b, row.better)[0],
      mark: (row) => difference(row.a, row.b, row.better)[1],
    };
    const whole = new E2E.Table([text("name", "Figure", { fixed: true }), value("a"), value("b"), changed], { name: "compared", caption: "The runs as a whole", key: (row) => row.name });
    whole.update(figures(a, b));

    const names = new Map();
    for (const [side, view] of [["a", a], ["b", b]]) {
      for (const row of view.rows) {
        const key = JSON.stringify([row.method, row.name]);
        if (!names.has(key)) names.set(key, { method: row.method, name: row.name });
        names.get(key)[side] = row;
      }
    }
    const of = (row, side, read) => (row[side] && row[side].requests ? read(row[side]) : null);
    const columns = [text("method", "Type"), text("name", "Name", { fixed: true })];
    const compared = (title, read, show, better) => {
      columns.push({ name: title + " a", head: title + " A", value: (row) => of(row, "a", read), show: (row) => show(of(row, "a", read)) });
      columns.push({ name: title + " b", head: title + " B", value: (row) => of(row, "b", read), show: (row) => show(of(row, "b", read)) });
      const both = (row) => difference(of(row, "a", read), of(row, "b", read), better);
      columns.push({ name: title + " change", head: "±", hint: title + ": difference", value: (row) => (of(row, "a", read) ? of(row, "b", read) / of(row, "a", read) : null), show: (row) => both(row)[0], mark: (row) => both(row)[1] });
    };
    compared("RPS", (row) => row.total_rps, E2E.rate, 1);
    compared("Median", (row) => row.percentiles[0], E2E.ms, -1);
    compared("95 %", (row) => row.percentiles[5], E2E.ms, -1);
    compared("Fails", (row) => row.failures / row.requests, E2E.percent, -1);
    const rows = new E2E.Table(columns, { name: "compared-rows", caption: "Each name, times in ms", key: (row) => JSON.stringify([row.method, row.name]), filter: "name or type" });
    rows.update([...names.values()]);

    E2E.replace(
      element,
      make("div", { class: "e2e-columns" }, run(a, "A"), run(b, "B")),
      whole.element,
      rows.element,
      E2E.overlaid([{ view: a, label: "A" }, { view: b, label: "B" }]),
    );
  };
})(window.E2E);
