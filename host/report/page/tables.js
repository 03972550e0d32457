// Tables that are sorted, filtered, and brought up to date in place.
(function (E2E) {
  const make = E2E.make;

  // `columns`: { name, head, value(row), show(row), text: is a text, hint, mark(row) -> class, off: hidden at
  // first }. `options`: { name, caption, key(row), filter: has a field for it, choose: columns can be chosen,
  // sort: [column, descending], empty: what is said without rows, sum: the row that stays at the end }.
  E2E.Table = class {
    constructor(columns, options) {
      this.columns = columns;
      this.options = options;
      this.known = new Map();
      this.rows = [];
      this.needle = "";
      this.order = options.sort || null;
      const stored = options.choose ? E2E.recall("columns." + options.name) : null;
      const off = Array.isArray(stored) ? stored : columns.filter((column) => column.off).map((column) => column.name);
      this.hidden = new Set(off.filter((name) => columns.some((column) => column.name === name)));
      this.head = make("tr");
      this.body = make("tbody");
      this.foot = make("tfoot");
      this.none = make("p", { class: "e2e-none" }, options.empty || "Nothing so far.");
      this.table = make("table", { class: "e2e-table" }, make("caption", null, options.caption), make("thead", null, this.head), this.body, this.foot);
      this.box = make("div", { class: "e2e-box", tabindex: "0", role: "region", "aria-label": options.caption }, this.table);
      this.element = make("div", { class: "e2e-tabled" }, this.tools(), this.box, this.none);
      this.heads();
    }

    tools() {
      if (!this.options.filter && !this.options.choose) return null;
      const tools = make("div", { class: "e2e-tools" });
      if (this.options.filter) {
        const id = E2E.id("filter");
        const input = make("input", {
          id,
          type: "search",
          placeholder: this.options.filter,
          autocomplete: "off",
          on: {
            input: () => {
              this.needle = input.value.trim().toLowerCase();
              this.draw();
            },
          },
        });
        this.matches = make("span", { class: "e2e-matches", role: "status" });
        tools.append(make("label", { for: id, class: "e2e-unseen" }, "Filter: " + this.options.filter), input, this.matches);
      }
      if (this.options.choose) tools.append(this.chooser());
      return tools;
    }

    chooser() {
      const boxes = this.columns.filter((column) => !column.fixed).map((column) => {
        const box = make("input", { type: "checkbox" });
        box.checked = !this.hidden.has(column.name);
        box.addEventListener("change", () => {
          this.hidden[box.checked ? "delete" : "add"](column.name);
          E2E.remember("columns." + this.options.name, [...this.hidden]);
          this.known.clear();
          this.body.replaceChildren();
          this.heads();
          this.draw();
        });
        return make("label", null, box, " ", column.hint || column.head);
      });
      const details = make("details", { class: "e2e-chooser" }, make("summary", null, "Columns"), make("div", { class: "e2e-choices" }, boxes));
      details.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !details.open) return;
        details.open = false;
        details.querySelector("summary").focus();
      });
      document.addEventListener("click", (event) => {
        if (!details.contains(event.target)) details.open = false;
      });
      return details;
    }

    shown() {
      return this.columns.filter((column) => !this.hidden.has(column.name));
    }

    heads() {
      const cells = this.shown().map((column) => {
        const [by, descending] = this.order || [];
        const sorted = by === column.name ? (descending ? "descending" : "ascending") : null;
        const button = make("button", { type: "button", title: column.hint || null, on: { click: () => this.sortBy(column) } }, column.head);
        return make("th", { scope: "col", class: column.text ? "e2e-text" : null, "aria-sort": sorted, "data-column": column.name }, button);
      });
      const focused = this.head.contains(document.activeElement) && document.activeElement.closest("th").dataset.column;
      E2E.replace(this.head, cells);
      const again = cells.find((cell) => cell.dataset.column === focused);
      if (again) again.firstChild.focus();
    }

    // Numbers begin with the greatest, texts with A; a third click takes the order back.
    sortBy(column) {
      const first = !column.text;
      const [by, descending] = this.order || [];
      if (by !== column.name) this.order = [column.name, first];
      else this.order = descending === first ? [column.name, !first] : this.options.sort || null;
      this.heads();
      this.draw();
    }

    update(rows, sum) {
      this.rows = rows;
      this.sum = sum;
      this.draw();
    }

    draw() {
      const columns = this.shown();
      const texts = this.columns.filter((column) => column.text);
      const matches = (row) => !this.needle || texts.some((column) => String(column.value(row)).toLowerCase().includes(this.needle));
      const rows = this.rows.filter(matches);
      const by = this.order && this.columns.find((column) => column.name === this.order[0]);
      if (by) {
        const sign = this.order[1] ? -1 : 1;
        const compare = (a, b) => {
          const [x, y] = [by.value(a), by.value(b)];
          if (by.text) return sign * String(x).localeCompare(String(y));
          // What is not known comes last either way.
          if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
          return sign * (x - y);
        };
        rows.sort(compare);
      }
      if (this.matches) E2E.setText(this.matches, this.needle ? rows.length + " of " + this.rows.length : "");
      const seen = new Set();
      let place = this.body.firstChild;
      for (const row of rows) {
        const key = this.options.key(row);
        seen.add(key);
        let line = this.known.get(key);
        if (!line) {
          line = this.line(columns);
          this.known.set(key, line);
        }
        this.fill(line, columns, row);
        if (line.element === place) place = place.nextSibling;
        else this.body.insertBefore(line.element, place);
      }
      for (const [key, line] of this.known) {
        if (seen.has(key)) continue;
        line.element.remove();
        this.known.delete(key);
      }
      this.foot.replaceChildren();
      if (this.sum) {
        const line = this.line(columns);
        this.fill(line, columns, this.sum);
        this.foot.append(line.element);
      }
      const empty = this.rows.length === 0;
      this.box.hidden = empty && !this.sum;
      this.none.hidden = !empty;
    }

    line(columns) {
      const cells = columns.map((column) => make(column.fixed ? "th" : "td", { class: column.text ? "e2e-text" : null, scope: column.fixed ? "row" : null }));
      return { element: make("tr", null, cells), cells };
    }

    fill(line, columns, row) {
      columns.forEach((column, index) => {
        const cell = line.cells[index];
        E2E.setText(cell, column.show ? column.show(row) : column.value(row));
        const mark = column.mark ? column.mark(row) : null;
        cell.className = [column.text && "e2e-text", column.wrap && "e2e-wrap", mark].filter(Boolean).join(" ");
      });
    }
  };

  // A column with a number in it.
  E2E.number = (name, head, show, more) => ({ name, head, value: (row) => row[name], show: (row) => show(row[name]), ...more });
  E2E.text = (name, head, more) => ({ name, head, text: true, value: (row) => row[name], ...more });
})(window.E2E);
