/* Keys: `data-key="n"` on a link, button or field (`data-key-also` for a second one); `g 1` for two keys after one another; j k Enter / ? in `data-list`. */
"use strict";
(() => {
  const SWITCH = "mdk-keys-off"; // a preference of this browser, nothing about anybody
  const CHORD_MS = 1200;
  let first = "";
  let firstAt = 0;

  const off = () => {
    try { return localStorage.getItem(SWITCH) === "1"; } catch { return false; }
  };
  window.mdkKeysOff = off;
  const setOff = (value) => {
    try { value ? localStorage.setItem(SWITCH, "1") : localStorage.removeItem(SWITCH); } catch { /* not kept, no harm */ }
  };

  const STEPS = ["checkbox", "radio", "button", "submit", "reset"];
  const typing = (element) =>
    Boolean(element) &&
    (element.isContentEditable ||
      element.tagName === "TEXTAREA" ||
      element.tagName === "SELECT" ||
      (element.tagName === "INPUT" && !STEPS.includes(element.type)));

  const visible = (element) => element.getClientRects().length > 0 && !element.disabled;
  const keyed = () => [...document.querySelectorAll("[data-key]")].filter(visible);

  // Rows of a list: the element with data-row, else rows of a table body, else the list's items.
  const rowsOf = (list) => {
    const marked = [...list.querySelectorAll("[data-row]")];
    if (marked.length) return marked.filter(visible);
    const body = list.matches("table") ? list.tBodies[0] : list;
    return body ? [...body.children].filter(visible) : [];
  };
  const opener = (row) => row.querySelector("[data-open]") || row.querySelector("a[href]") || row.querySelector("button, input, summary");
  const currentList = () =>
    document.activeElement.closest?.("[data-list]") ||
    document.querySelector("[data-list] .is-current")?.closest("[data-list]") ||
    [...document.querySelectorAll("[data-list]:not(details:not([open]) *)")].find(visible); // what is folded has rects too

  const step = (by) => {
    const list = currentList();
    if (!list) return false;
    const rows = rowsOf(list).filter(opener);
    if (!rows.length) return false;
    const marked = rows.findIndex((row) => row.classList.contains("is-current"));
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const from = here >= 0 ? here : marked >= 0 ? marked - (by > 0 ? 0 : 0) : by > 0 ? -1 : rows.length;
    const next = rows[Math.min(Math.max(from + by, 0), rows.length - 1)];
    opener(next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return true;
  };

  const open = () => {
    const list = document.activeElement.closest?.("[data-list]");
    if (list) return false; // the focused link opens by itself
    const row = document.querySelector("[data-list] .is-current");
    if (!row || document.activeElement !== document.body) return false;
    opener(row)?.click();
    return true;
  };

  const search = () => {
    const field = [...document.querySelectorAll('[data-key="/"], input[type="search"]')].find(visible);
    if (!field) return false;
    field.focus();
    field.select?.();
    return true;
  };

  const trigger = (element) => {
    if (typing(element)) {
      element.focus();
      element.select?.();
    } else if (element.tagName === "A" || element.tagName === "BUTTON" || element.tagName === "SUMMARY" || element.tagName === "INPUT") {
      element.focus({ preventScroll: true });
      element.click();
    } else {
      element.focus();
    }
  };

  const ARROWS = { ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓" };

  const words = (element) =>
    element.dataset.keyLabel ||
    element.getAttribute("aria-label") ||
    (element.labels?.[0] || element).textContent.replace(/\s+/g, " ").trim() ||
    element.placeholder ||
    element.title;

  const help = () => {
    const dialog = document.getElementById("keys-help");
    if (!dialog || dialog.open) return;
    const list = dialog.querySelector("[data-keys-list]");
    const pairs = [];
    const text = dialog.dataset;
    if (document.querySelector("[data-list]")) {
      pairs.push(["j", text.nextRow], ["k", text.previousRow], ["Enter", text.openRow]);
    }
    const seen = new Set(pairs.map(([key]) => key));
    for (const element of keyed()) {
      if (seen.has(element.dataset.key)) continue;
      seen.add(element.dataset.key);
      const kbd = element.querySelector("kbd");
      let label = words(element);
      if (kbd && !element.dataset.keyLabel) label = label.replace(kbd.textContent, "").trim();
      pairs.push([element.dataset.key, label]);
    }
    for (const button of document.querySelectorAll("[data-row-key]")) {
      if (seen.has(button.dataset.rowKey) || !visible(button)) continue;
      seen.add(button.dataset.rowKey);
      pairs.push([button.dataset.rowKey, words(button)]);
    }
    // Keys that no button stands for name themselves where the page tells of them.
    for (const hint of document.querySelectorAll("[data-key-help]")) {
      if (seen.has(hint.dataset.keyHelp)) continue;
      pairs.push([hint.dataset.keyHelp, hint.lastChild.textContent.trim()]);
    }
    pairs.push(["Esc", text.leave], ["?", text.help]);
    list.replaceChildren(
      ...pairs.flatMap(([key, label]) => {
        const dt = document.createElement("dt");
        const dd = document.createElement("dd");
        for (const part of key.split(" ")) {
          const kbd = document.createElement("kbd");
          kbd.className = "key";
          kbd.textContent = ARROWS[part] || part;
          dt.append(kbd, " ");
        }
        dd.textContent = label;
        return [dt, dd];
      }),
    );
    dialog.querySelector("[data-keys-switch]").checked = !off();
    dialog.showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const active = document.activeElement;
    if (event.key === "Escape") {
      if (typing(active)) active.blur();
      return;
    }
    if (typing(active) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      help();
      return;
    }
    if (off() || event.repeat && !["j", "k"].includes(event.key)) return;

    const now = Date.now();
    const chord = first && now - firstAt < CHORD_MS ? `${first} ${event.key}` : "";
    first = "";
    const all = keyed();
    const found = (chord && all.find((e) => e.dataset.key === chord)) || all.find((e) => e.dataset.key === event.key || e.dataset.keyAlso === event.key);
    if (found) {
      event.preventDefault();
      trigger(found);
      return;
    }
    if (all.some((e) => e.dataset.key.startsWith(`${event.key} `))) {
      first = event.key;
      firstAt = now;
      return;
    }
    const done =
      (event.key === "j" && step(1)) ||
      (event.key === "k" && step(-1)) ||
      (event.key === "/" && search()) ||
      (event.key === "Enter" && open());
    if (done) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-help]")) help();
    if (event.target.closest("[data-keys-close]")) event.target.closest("dialog").close();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-switch]")) setOff(!event.target.checked);
  });

  // The place is kept on return: which row was opened stands in this history entry, by its number.
  const lists = () => [...document.querySelectorAll("[data-list]")];
  document.addEventListener("click", (event) => {
    const list = event.target.closest?.("[data-list]");
    if (!list || !event.target.closest("a[href]")) return;
    const row = rowsOf(list).findIndex((element) => element.contains(event.target));
    history.replaceState({ ...history.state, mdkRow: [lists().indexOf(list), row] }, "");
  });
  addEventListener("pageshow", () => {
    const [list, row] = history.state?.mdkRow || [];
    const element = lists()[list] && rowsOf(lists()[list])[row];
    if (element) opener(element)?.focus();
  });
})();
