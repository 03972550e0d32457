// The charts: requests and failures, response times, users; of all requests, or of one name.
(function (E2E) {
  const make = E2E.make;

  // Plotly takes texts without a zone as they are: this is UTC.
  const times = (series, start) => series.t.map((t) => new Date(start + t * 1000).toISOString().slice(0, 23).replace("T", " "));

  const LINES = {
    requests: [
      ["rps", "Requests/s", "chart-good", null],
      ["fps", "Failures/s", "chart-bad", null],
    ],
    latencies: [
      ["p50", "p50", "chart-1", null],
      ["p95", "p95", "chart-2", null],
      ["p99", "p99", "chart-3", null],
    ],
    users: [["users", "Users", "chart-4", "hv"]],
  };
  const CHARTS = [
    ["requests", "Requests and failures per second", "", ".4~g", "per second"],
    ["latencies", "Response times (ms)", " ms", ".4~g", "ms"],
    ["users", "Users", "", "d", "users"],
  ];

  const faded = (color, part) => {
    const hex = /^#([0-9a-f]{6})$/i.exec(color);
    if (!hex) return color;
    const number = parseInt(hex[1], 16);
    return "rgba(" + [number >> 16, (number >> 8) & 255, number & 255, part].join(",") + ")";
  };

  // Ticks of time have room beside each other, and the legend below the buttons where these are near.
  // No tick is between two seconds, and none between two users.
  const layout = (title, most, width, seconds) => {
    const narrow = width < 560;
    const [text, faint, line, card] = ["text", "faint", "line", "card"].map(E2E.color);
    const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, tickfont: { color: faint }, automargin: true };
    return {
      height: narrow ? 300 : 270,
      margin: { l: 48, r: 16, t: narrow ? 52 : 8, b: 44 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12, color: text },
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { color: text } },
      hovermode: "x unified",
      hoverlabel: { bgcolor: card, bordercolor: line, font: { color: text } },
      xaxis: {
        ...axis,
        type: "date",
        title: { text: "UTC", font: { color: faint, size: 11 }, standoff: 4 },
        hoverformat: "%H:%M:%SZ",
        tickformat: seconds > 86400 ? "%d %b %H:%M" : seconds > 1800 ? "%H:%M" : "%H:%M:%S",
        tickangle: 0,
        ...(seconds <= Math.max(2, Math.floor(width / 110)) ? { dtick: 1000 } : { nticks: Math.max(2, Math.floor(width / 110)) }),
      },
      yaxis: {
        ...axis,
        title: { text: title, font: { color: faint, size: 11 }, standoff: 6 },
        rangemode: "tozero",
        fixedrange: false,
        ...(title === "users" ? { tickformat: "d", ...(most <= 6 ? { dtick: 1 } : {}) } : {}),
        // Nothing at all has no scale of its own.
        ...(most > 0 ? {} : { range: [0, 1], tickvals: [0] }),
      },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: faint, activecolor: text },
      // What the visitor zoomed into stays.
      uirevision: "kept",
      dragmode: "zoom",
    };
  };

  const config = (name) => ({
    displaylogo: false,
    responsive: true,
    displayModeBar: true,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { format: "png", scale: 2, filename: "e2e-" + name },
  });

  const lines = (name, source, x, extra) =>
    LINES[name].map(([key, title, color, shape], index) => ({
      x,
      y: source[key],
      name: title + (extra.suffix || ""),
      type: "scatter",
      mode: x.length < 2 ? "markers" : "lines",
      line: { color: E2E.color(color), width: 2, shape: shape || "linear", dash: extra.dash || "solid" },
      fill: extra.fill !== false && (name === "users" || (name === "requests" && index === 0)) ? "tozeroy" : "none",
      fillcolor: faded(E2E.color(color), 0.12),
      connectgaps: false,
      hovertemplate: "%{y:" + extra.format + "}" + extra.unit,
    }));

  const most = (traces) => traces.reduce((most, trace) => trace.y.reduce((most, y) => Math.max(most, y || 0), most), 0);

  const chart = (name, title) => {
    const holder = make("div", { class: "e2e-chart", "data-chart": name });
    return { name, holder, element: make("figure", { class: "e2e-card e2e-figure" }, make("figcaption", null, title), holder) };
  };

  // Zooming one chart in time zooms those beside it.
  const join = (charts) => {
    let busy = false;
    for (const one of charts) {
      one.holder.on("plotly_relayout", (change) => {
        const auto = change["xaxis.autorange"];
        const range = change["xaxis.range[0]"] !== undefined ? [change["xaxis.range[0]"], change["xaxis.range[1]"]] : null;
        if (busy || (!auto && !range)) return;
        busy = true;
        const others = charts.filter((other) => other !== one && other.drawn);
        Promise.all(others.map((other) => window.Plotly.relayout(other.holder, auto ? { "xaxis.autorange": true } : { "xaxis.range": range }))).then(() => (busy = false), () => (busy = false));
      });
    }
  };

  E2E.Charts = class {
    constructor() {
      const id = E2E.id("endpoint");
      this.chosen = "";
      this.select = make("select", { id, on: { change: () => this.choose() } });
      this.note = make("span", { class: "e2e-matches" });
      this.charts = CHARTS.map(([name, title]) => chart(name, title));
      this.element = make(
        "div",
        { class: "e2e-charts" },
        make("div", { class: "e2e-tools" }, make("label", { for: id }, "Charts of"), this.select, this.note),
        this.charts.map((one) => one.element),
      );
      E2E.onTheme(() => this.element.isConnected && this.drawn && this.draw());
    }

    choose() {
      this.chosen = this.select.value;
      this.draw();
    }

    update(view) {
      this.view = view;
      const names = view.series.endpoints.map((endpoint) => (endpoint.method + " " + endpoint.name).trim());
      if (this.names !== names.join("\n")) {
        this.names = names.join("\n");
        const option = (value, title) => make("option", { value }, title);
        E2E.replace(this.select, option("", "all requests"), names.map((name, index) => option(String(index), name)));
        if (this.chosen !== "" && !names[Number(this.chosen)]) this.chosen = "";
        this.select.value = this.chosen;
      }
      const more = view.series.endpoints_left_out;
      E2E.setText(this.note, more ? "and " + E2E.plural(more, "name") + " without charts of their own" : "");
      this.draw();
    }

    draw() {
      if (!this.view || !window.Plotly) {
        if (this.view) this.charts.forEach((one) => E2E.setText(one.holder, "There is no chart library here."));
        return;
      }
      const { series, run } = this.view;
      const x = times(series, run.started_at);
      const source = this.chosen === "" ? series : series.endpoints[Number(this.chosen)];
      this.charts.forEach((one, index) => {
        const [name, , unit, format, title] = CHARTS[index];
        // Users are those of the run, whatever name is looked at.
        const from = name === "users" ? series : source;
        const [width, seconds] = [one.holder.offsetWidth || 700, run.elapsed];
        const traces = lines(name, from, x, { unit, format });
        window.Plotly.react(one.holder, traces, layout(title, most(traces), width, seconds), config(name));
        one.drawn = true;
      });
      if (!this.drawn) join(this.charts);
      this.drawn = true;
    }

    resize() {
      if (!this.drawn) return;
      this.charts.forEach((one) => one.holder.offsetWidth && window.Plotly.Plots.resize(one.holder));
    }

    // For paper, whose width no chart knows; and back.
    print(is) {
      if (!this.drawn) return;
      for (const one of this.charts) window.Plotly.relayout(one.holder, is ? { width: 680, autosize: false } : { width: null, autosize: true });
      if (!is) this.resize();
    }
  };

  // Two runs over each other, from their starts.
  E2E.overlaid = function (runs) {
    const charts = CHARTS.map(([name, title]) => chart(name, title));
    const draw = () =>
      charts.forEach((one, index) => {
        const [name, , unit, format, title] = CHARTS[index];
        const traces = runs.flatMap((run, number) => {
          const extra = { unit, format, suffix: " " + run.label, fill: false, dash: number ? "dot" : "solid" };
          return lines(name, run.view.series, run.view.series.t, extra);
        });
        const base = layout(title, most(traces), one.holder.offsetWidth || 700, Infinity);
        base.xaxis = { ...base.xaxis, type: "linear", title: { ...base.xaxis.title, text: "s since the start" }, hoverformat: ".1f", tickformat: "" };
        window.Plotly.react(one.holder, traces, base, config("compared-" + name));
        one.drawn = true;
      });
    const element = make("div", { class: "e2e-charts" }, charts.map((one) => one.element));
    if (window.Plotly) {
      // Sizes are known once it stands in the page.
      requestAnimationFrame(() => {
        draw();
        join(charts);
      });
      E2E.onTheme(() => element.isConnected && draw());
    }
    return element;
  };
})(window.E2E);
