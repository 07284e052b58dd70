/*
 * Rows by hand: a candidate onto the agenda at its place, an item up or down, an item back to the candidates. A row that
 * is selected takes the others of its list along. Pointer events, so that pen and finger do as the mouse does (a finger by
 * the box at the row's edge, since the rest of the row scrolls).
 */
"use strict";
(() => {
  const FAR = 6; // pixels before a press is a drag
  const { bench, rowsIn, rowOf, send, selected, press, open } = window.workbench;
  const agenda = () => document.getElementById("agenda");
  const side = () => document.querySelector(".bench-side");
  let held = null;

  const line = document.createElement("li"); // where the rows would go
  line.className = "drop-line";
  line.setAttribute("aria-hidden", "true");
  const ghost = document.createElement("div");
  ghost.className = "drag-ghost";
  ghost.setAttribute("aria-hidden", "true");

  const follower = (y) => rowsIn(agenda()).find((row) => {
    const at = row.getBoundingClientRect();
    return !held.rows.includes(row) && y < at.top + at.height / 2;
  });

  const begin = () => {
    held.on = true;
    const { row } = held;
    const group = selected(row.id.split("-")[0]);
    held.rows = group.includes(row) ? group : [row];
    ghost.textContent = held.rows.length > 1 ? `${held.rows.length} ×` : row.querySelector("[data-open]").textContent;
    document.body.append(ghost);
    document.body.classList.add("is-dragging");
    held.rows.forEach((one) => one.classList.add("is-moving"));
  };

  const over = (event) => {
    ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 8}px)`;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const onAgenda = under?.closest("#agenda, .workbench > section:not(.bench-side)");
    held.away = Boolean(under?.closest(".bench-side")) && held.row.id.startsWith("item");
    side().classList.toggle("is-target", held.away);
    if (!onAgenda) { line.remove(); held.before = undefined; return; }
    held.before = follower(event.clientY) || null;
    held.before ? held.before.before(line) : agenda().append(line);
    const edge = 48;
    if (event.clientY < edge) scrollBy(0, -12);
    else if (event.clientY > innerHeight - edge) scrollBy(0, 12);
  };

  const drop = () => {
    const { rows, row, before, away } = held;
    if (away) return rows.length > 1 ? document.querySelector("#bulk [name=reason]").focus() : open("off", row);
    if (before === undefined) return undefined;
    if (row.id.startsWith("item")) {
      before ? before.before(...rows) : line.before(...rows);
      bench().dispatchEvent(new CustomEvent("workbench:moved"));
      return send();
    }
    const place = before ? before.id.slice(5) : "0";
    if (rows.length > 1) {
      document.querySelector("#bulk [data-before]").value = place;
      return press("add");
    }
    const { book, query } = bench().dataset;
    return htmx.ajax("POST", `${book}?${query}`, { source: "#book", target: "#workbench", swap: "rows show:none", values: { case: row.id.slice(5), before: place } });
  };

  const end = (event, done) => {
    if (!held) return;
    const was = held;
    if (was.on) {
      if (done) drop();
      was.rows.forEach((one) => one.classList.remove("is-moving"));
      line.remove();
      ghost.remove();
      side().classList.remove("is-target");
      document.body.classList.remove("is-dragging");
    }
    held = null;
    if (was.on) addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
    if (was.on) setTimeout(() => dispatchEvent(new Event("click")), 0); // takes the listener away when no click follows
  };

  document.addEventListener("pointerdown", (event) => {
    const row = rowOf(event.target);
    if (!row?.closest("#agenda, #candidates") || event.button !== 0) return;
    if (event.target.closest(".opened, button, select, input:not([type=checkbox])")) return;
    if (event.pointerType !== "mouse" && !event.target.closest("[data-grip]")) return;
    held = { row, rows: [row], x: event.clientX, y: event.clientY, on: false };
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    if (!held.on && Math.hypot(event.clientX - held.x, event.clientY - held.y) > FAR) begin();
    if (held.on) { event.preventDefault(); over(event); }
  });
  document.addEventListener("pointerup", (event) => end(event, true));
  document.addEventListener("pointercancel", (event) => end(event, false));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") end(event, false); });
  // The browser's own dragging of links would take the pointer away.
  document.addEventListener("dragstart", (event) => { if (rowOf(event.target)) event.preventDefault(); });
})();
