/* The workbench: keys of the row in focus, minutes that save themselves, and the place that is kept after a change. */
"use strict";
(() => {
  const rowOf = (element) => element?.closest?.("[data-row]");
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

  document.addEventListener("change", (event) => {
    if (event.target.matches("input.agenda__minutes")) event.target.form.requestSubmit();
  });

  // After a swap the focus goes to the same row, or to the one that took its place.
  let place = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const row = rowOf(document.activeElement);
    const list = row?.closest("[data-list]");
    if (!list) return;
    place = {
      id: document.activeElement.id,
      list: [...document.querySelectorAll("[data-list]")].indexOf(list),
      row: [...list.children].indexOf(row),
    };
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!place) return;
    const kept = place;
    place = null;
    if (document.activeElement !== document.body) return;
    const list = document.querySelectorAll("[data-list]")[kept.list];
    const row = list?.children[Math.min(kept.row, list.children.length - 1)];
    (document.getElementById(kept.id) || row?.querySelector("[data-open]"))?.focus();
  });
})();
