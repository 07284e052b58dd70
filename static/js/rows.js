/* Rows of a list that htmx changes: a key presses the button of the row in focus, and the focus keeps its place after a change. */
"use strict";
(() => {
  const rowOf = (element) => element?.closest?.("[data-row]");
  const rowsIn = (list) => [...list.querySelectorAll("[data-row]")];
  const typing = (element) => element.matches("textarea, select, input:not([type=checkbox], [type=radio])");

  // `data-row-key`: a key that presses the button of the row in focus.
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || window.mdkKeysOff()) return;
    const row = rowOf(document.activeElement);
    if (!row || typing(document.activeElement)) return;
    const button = row.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  // After a change the focus goes to what was refused, else to the same row or the one that took its place.
  let place = null;
  document.addEventListener("htmx:beforeSwap", () => {
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
    const wrong = document.querySelector("main [aria-invalid='true']");
    if (wrong) return wrong.focus();
    if (document.activeElement !== document.body) return;
    const list = document.querySelectorAll("[data-list]")[kept.list];
    const rows = list ? rowsIn(list) : [];
    const row = rows[Math.min(kept.row, rows.length - 1)];
    (document.getElementById(kept.id) || row?.querySelector("[data-open]"))?.focus();
  });
})();
