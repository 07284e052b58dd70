/* The workbench: keys of the row in focus, minutes that save themselves, and the place that is kept after a change. */
"use strict";
(() => {
  const rowOf = (element) => element?.closest?.("[data-row]");
  const rowsIn = (list) => [...list.querySelectorAll("[data-row]")];
  const typing = (element) => element.matches("textarea, select, input:not([type=checkbox], [type=radio])");

  // `data-row-key`: a key that presses the button of the row in focus.
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const row = rowOf(document.activeElement);
    if (!row || typing(document.activeElement)) return;
    const button = row.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  // A field that a swap takes away says `change` once more: that one is no change of the person's.
  let swapping = false;
  document.addEventListener("htmx:beforeSwap", () => { swapping = true; });
  document.addEventListener("htmx:afterSwap", () => { swapping = false; });
  document.addEventListener("change", (event) => {
    if (!swapping && event.target.matches("input.agenda__minutes")) event.target.form.requestSubmit();
  });

  // After a swap the focus goes to what was refused, else to the same row or the one that took its place; the
  // column of candidates keeps its scroll.
  let place = null;
  let scrolled = 0;
  const column = () => document.querySelector(".bench-side");
  document.addEventListener("htmx:beforeSwap", () => {
    scrolled = column()?.scrollTop || 0;
    const active = document.activeElement;
    const row = rowOf(active);
    const list = row?.closest("[data-list]");
    place = {
      id: active.id,
      list: list ? [...document.querySelectorAll("[data-list]")].indexOf(list) : -1,
      row: list ? rowsIn(list).indexOf(row) : -1,
    };
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!place) return;
    const kept = place;
    place = null;
    if (column()) column().scrollTop = scrolled;
    const wrong = document.querySelector("#workbench [aria-invalid='true']");
    if (wrong) return wrong.focus();
    if (document.activeElement !== document.body) {
      document.activeElement.scrollIntoView({ block: "nearest" });
      return;
    }
    const list = document.querySelectorAll("[data-list]")[kept.list];
    const rows = list ? rowsIn(list) : [];
    const row = rows[Math.min(kept.row, rows.length - 1)];
    (document.getElementById(kept.id) || row?.querySelector("[data-open]"))?.focus();
  });
})();
