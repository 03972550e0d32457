// Elements of the page. Whatever a script or a server said gets in as text, never as HTML.
"use strict";
window.E2E = window.E2E || {};

(function (E2E) {
  // An element with attributes and children. `on` holds listeners; texts and numbers become text.
  E2E.make = function (tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") {
        for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
      } else if (value === true) {
        element.setAttribute(name, "");
      } else if (value !== false && value !== null && value !== undefined) {
        element.setAttribute(name, String(value));
      }
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== false) {
        element.append(child instanceof Node ? child : document.createTextNode(String(child)));
      }
    }
    return element;
  };

  // Changes a text only where it differs: what was selected stays selected.
  E2E.setText = function (element, text) {
    const wanted = String(text);
    if (element.textContent !== wanted) element.textContent = wanted;
  };

  E2E.replace = function (element, ...children) {
    element.replaceChildren(...children.flat().filter((child) => child instanceof Node));
  };

  // What the visitor chose is kept by the browser, where it lets us.
  E2E.remember = function (name, value) {
    try {
      window.localStorage.setItem("e2e." + name, JSON.stringify(value));
    } catch (_) {
      // Then it holds for this visit.
    }
  };

  E2E.recall = function (name) {
    try {
      return JSON.parse(window.localStorage.getItem("e2e." + name));
    } catch (_) {
      return null;
    }
  };

  let last = 0;
  E2E.id = (stem) => "e2e-" + stem + "-" + ++last;

  // Colours of charts are those of the page.
  E2E.color = (name) =>
    getComputedStyle(document.querySelector(".e2e") || document.documentElement).getPropertyValue("--" + name).trim();

  const root = document.documentElement;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const listeners = [];
  E2E.onTheme = (listener) => listeners.push(listener);
  const changed = () => listeners.forEach((listener) => listener());
  E2E.isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  prefersDark.addEventListener("change", changed);
  const chosen = E2E.recall("theme");
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  E2E.themeSwitch = function () {
    const button = E2E.make("button", { type: "button", class: "e2e-button e2e-theme" });
    const label = () => E2E.setText(button, E2E.isDark() ? "Light" : "Dark");
    button.setAttribute("title", "Switch between dark and light");
    button.addEventListener("click", () => {
      root.dataset.theme = E2E.isDark() ? "light" : "dark";
      E2E.remember("theme", root.dataset.theme);
      changed();
    });
    E2E.onTheme(label);
    label();
    return button;
  };
})(window.E2E);
