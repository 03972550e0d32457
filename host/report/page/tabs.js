// Tabs as WAI-ARIA describes them: arrows, Home and End move between them, and only the chosen one is in the
// order of the Tab key. In print all panels stand one after another.
(function (E2E) {
  const make = E2E.make;

  E2E.Tabs = class {
    // `chosen(name)` is told when another panel is seen.
    constructor(label, chosen) {
      this.chosen = chosen;
      this.tabs = [];
      this.list = make("div", { class: "e2e-tabs", role: "tablist", "aria-label": label, on: { keydown: (event) => this.key(event) } });
      this.panels = make("div", { class: "e2e-panels" });
      this.element = make("div", { class: "e2e-tabbed" }, make("div", { class: "e2e-tabs-box" }, this.list), this.panels);
    }

    // Adds a tab with the panel below it; `place` orders them.
    add(name, title, panel, place) {
      const [tabId, panelId] = [E2E.id("tab"), E2E.id("panel")];
      const badge = make("span", { class: "e2e-badge", hidden: true });
      const button = make(
        "button",
        { type: "button", role: "tab", id: tabId, "aria-controls": panelId, "aria-selected": "false", tabindex: "-1", "data-tab": name, on: { click: () => this.select(name) } },
        title,
        badge,
      );
      const holder = make("section", { id: panelId, role: "tabpanel", "aria-labelledby": tabId, class: "e2e-panel", hidden: true }, make("h2", { class: "e2e-panel-title" }, title), panel);
      const tab = { name, place, button, badge, holder };
      const after = this.tabs.find((other) => other.place > place);
      this.list.insertBefore(button, after ? after.button : null);
      this.panels.insertBefore(holder, after ? after.holder : null);
      this.tabs.push(tab);
      this.tabs.sort((a, b) => a.place - b.place);
    }

    has(name) {
      return this.tabs.some((tab) => tab.name === name);
    }

    // A number beside a tab's title; none where it is 0.
    badge(name, count, mark) {
      const tab = this.tabs.find((tab) => tab.name === name);
      if (!tab) return;
      tab.badge.hidden = !count;
      E2E.setText(tab.badge, count ? E2E.count(count) : "");
      tab.badge.className = "e2e-badge" + (mark ? " " + mark : "");
    }

    select(name, focus) {
      const wanted = this.tabs.find((tab) => tab.name === name) || this.tabs[0];
      this.current = wanted.name;
      for (const tab of this.tabs) {
        const is = tab === wanted;
        tab.button.setAttribute("aria-selected", String(is));
        tab.button.setAttribute("tabindex", is ? "0" : "-1");
        tab.holder.hidden = !is;
      }
      if (focus) wanted.button.focus();
      this.list.scrollLeft = Math.max(0, Math.min(this.list.scrollLeft, wanted.button.offsetLeft - 24));
      const end = wanted.button.offsetLeft + wanted.button.offsetWidth + 24;
      if (end > this.list.scrollLeft + this.list.clientWidth) this.list.scrollLeft = end - this.list.clientWidth;
      this.chosen(wanted.name);
    }

    key(event) {
      const at = this.tabs.findIndex((tab) => tab.name === this.current);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.select(this.tabs[(to + this.tabs.length) % this.tabs.length].name, true);
    }
  };
})(window.E2E);
