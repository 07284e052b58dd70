/*
 * Work without a mouse: rows are selected with x (X: up to here), moved with Alt and the arrows, and what is done is done
 * with the selected rows, or with the one in focus when none is selected. `data-row-key` is a key that presses the button
 * of the row in focus.
 */
"use strict";
(() => {
  const { bench, rowsIn, rowOf, typing, send, onChange } = window.workbench;
  const chosen = new Set(); // ids of rows; they outlive every change of the page
  let from = null; // where a range begins
  const row = () => rowOf(document.activeElement);
  const box = (of) => of.querySelector(".pick input");
  const list = (id) => document.getElementById(id);
  const all = () => ["candidates", "agenda"].flatMap((id) => rowsIn(list(id)));
  const selected = (kind) => all().filter((one) => chosen.has(one.id) && one.id.startsWith(kind));

  const mark = () => {
    const shown = all();
    const ids = new Set(shown.map((one) => one.id));
    for (const id of [...chosen]) if (!ids.has(id)) chosen.delete(id);
    for (const one of shown) {
      box(one).checked = chosen.has(one.id);
      one.classList.toggle("is-chosen", chosen.has(one.id));
    }
    const bar = document.getElementById("bulk");
    const kinds = { cases: selected("case").length, items: selected("item").length };
    bar.classList.toggle("is-empty", !chosen.size);
    bar.querySelector("[data-count]").value = chosen.size;
    for (const part of bar.querySelectorAll("[data-for]")) part.hidden = !kinds[part.dataset.for];
  };
  const choose = (one, on) => { on ? chosen.add(one.id) : chosen.delete(one.id); };
  const chooseTo = (one) => {
    const rows = rowsIn(one.parentElement);
    const start = rows.findIndex((other) => other.id === from);
    const end = rows.indexOf(one);
    rows.slice(Math.min(start < 0 ? end : start, end), Math.max(start, end) + 1).forEach((other) => choose(other, true));
  };
  const clear = () => { chosen.clear(); mark(); };

  const focus = (one) => {
    one.querySelector("[data-open]").focus({ preventScroll: true });
    one.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const here = row();
    const rows = here && rowsIn(here.parentElement);
    const next = rows?.[rows.indexOf(here) + by];
    if (next) focus(next);
    return next;
  };
  const open = (kind, one) => {
    const { here, query } = bench().dataset;
    const url = `${here}?${query ? `${query}&` : ""}open=${kind}-${one.id.split("-")[1]}`;
    htmx.ajax("GET", url, { source: one.querySelector("[data-open]"), target: "#workbench", swap: "rows show:none" });
  };
  const bulk = (name) => {
    const field = document.querySelector(`#bulk [name=${name}]`);
    field.focus();
    return true;
  };

  // Moving: the row stands in its new place before the server has been asked.
  const move = (by) => {
    const here = row();
    if (here?.parentElement !== list("agenda")) return false;
    const group = chosen.has(here.id) ? selected("item") : [here];
    const rows = rowsIn(here.parentElement);
    const edge = rows[rows.indexOf(by < 0 ? group[0] : group.at(-1)) + by];
    if (!edge) return true;
    const active = document.activeElement;
    by < 0 ? edge.before(...group) : edge.after(...group);
    active.focus({ preventScroll: true });
    here.scrollIntoView({ block: "nearest" });
    bench().dispatchEvent(new CustomEvent("workbench:moved"));
    send();
    return true;
  };

  const ACTIONS = {
    x: (one) => { choose(one, !chosen.has(one.id)); from = one.id; },
    X: (one) => chooseTo(one),
    a: (one) => (selected("case").length ? press("add") : one?.querySelector("[data-row-key=a]")?.click()),
    n: (one) => (chosen.size ? bulk("level") : open(one.id.startsWith("case") ? "level" : "grade", one)),
    o: (one) => (selected("item").length ? bulk("why") : one.id.startsWith("item") && open("rebook", one)),
    t: (one) => (selected("item").length ? bulk("reason") : one.id.startsWith("item") && open("off", one)),
    J: () => move(1),
    K: () => move(-1),
  };
  const press = (action) => document.querySelector(`#bulk button[value=${action}]`).click();

  document.addEventListener("keydown", (event) => {
    const active = document.activeElement;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const arrow = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey) {
      if (arrow && move(arrow)) event.preventDefault();
      return;
    }
    if (typing(active)) return;
    if (event.key === "Escape" && chosen.size) return clear();
    const here = row();
    if (event.shiftKey && arrow && here) {
      event.preventDefault();
      if (!chosen.size) from = here.id;
      choose(here, true);
      const next = step(arrow);
      if (next) choose(next, true);
      return mark();
    }
    const action = ACTIONS[event.key];
    if (!action || (!here && !(chosen.size && "anot".includes(event.key)))) return;
    if (window.mdkKeysOff?.()) return;
    event.preventDefault();
    action(here);
    mark();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-clear]")) return clear();
    const picked = event.target.matches(".pick input") && rowOf(event.target);
    if (!picked) return;
    if (event.shiftKey && from) chooseTo(picked);
    else choose(picked, event.target.checked);
    from = picked.id;
    mark();
  });
  // What was done with the selected rows leaves none selected.
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id === "bulk" && event.detail.successful) clear();
  });

  onChange(mark);
  mark();
  window.workbench.selected = selected;
  window.workbench.press = press;
  window.workbench.open = open;
})();
