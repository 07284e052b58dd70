/*
 * The workbench keeps its place: an answer of the server changes only the blocks and rows that differ, so that focus,
 * selection, scroll and what is typed survive one's own step and the other coordinator's. It looks for news every
 * three seconds.
 *
 * `data-block` marks what is changed as a whole, `data-block="list"` a list whose children are changed one by one, by id.
 */
"use strict";
(() => {
  const EVERY = 3000;
  const bench = () => document.getElementById("workbench");
  const typing = (element) => Boolean(element?.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=hidden])"));
  const listeners = []; // what other scripts do after every change: the selection is marked again
  let news = false; // whether the answer at hand is the other coordinator's doing
  let careful = false; // whether it leaves alone what is being written: news, and an order that was sent from elsewhere

  // What each element was when it came from the server: what scripts do to it since is no difference.
  // A form's token is another one in every answer, and no difference either.
  const came = new WeakMap();
  const plain = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
  const written = (element) => came.get(element) ?? plain(element.outerHTML);
  const blocks = (root) => [...root.querySelectorAll("[data-block]")];
  const note = (element) => {
    came.set(element, plain(element.outerHTML));
    if (element.dataset.block === "list") for (const row of element.children) came.set(row, plain(row.outerHTML));
  };

  // What a person has typed or chosen and not yet sent. The boxes that select rows are none of it.
  const changed = (field) => {
    if (field.type === "hidden" || field.type === "submit" || field.matches(".pick input")) return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected && (option.defaultSelected || option.value));
    return field.value !== field.defaultValue;
  };
  const busy = (element) => typing(document.activeElement) && element.contains(document.activeElement) && document.activeElement.form?.id !== "plan";
  const unsent = (element) => [...element.querySelectorAll("input, textarea, select")].some(changed);
  // News never takes away what is being written. One's own step takes all but a search that is still being typed.
  const guarded = (element) => (careful ? busy(element) || unsent(element) : element.id === "candidates-top" && busy(element));

  const replace = (old, fresh, added) => {
    note(fresh);
    if (news) fresh.querySelectorAll("[data-focus], [data-focus-first]").forEach((field) => { delete field.dataset.focus; delete field.dataset.focusFirst; });
    old.replaceWith(fresh);
    added.push(fresh);
  };

  const mergeList = (list, fresh, added) => {
    const old = new Map([...list.children].map((row) => [row.id, row]));
    const wanted = [...fresh.children];
    const stay = new Set(wanted.map((row) => row.id));
    for (const [id, row] of old) if (!stay.has(id) && !guarded(row)) row.remove();
    const order = [];
    for (const row of wanted) {
      const same = old.get(row.id);
      if (same && written(same) === plain(row.outerHTML)) order.push(same);
      else if (same && guarded(same)) {
        for (const part of [".agenda__time", ".agenda__position"]) same.querySelector(part)?.replaceChildren(row.querySelector(part)?.textContent ?? "");
        order.push(same);
      } else {
        note(row);
        if (same) {
          same.replaceWith(row);
          row.classList.toggle("is-news", news);
        }
        added.push(row);
        order.push(row);
      }
    }
    // A row that has the focus is not moved: the others are moved around it.
    const fixed = order.find((row) => row.contains(document.activeElement) && row.parentElement === list);
    const place = fixed ? order.indexOf(fixed) : -1;
    order.slice(0, Math.max(place, 0)).forEach((row) => { if (row.nextElementSibling !== fixed || row.parentElement !== list) fixed.before(row); });
    let last = fixed;
    for (const row of order.slice(place + 1)) {
      const next = last ? last.nextElementSibling : list.firstElementChild;
      if (row !== next) last ? last.after(row) : list.prepend(row);
      last = row;
    }
  };

  const merge = (target, part) => {
    const added = [];
    for (const name of ["version", "seen", "open", "query"]) target.dataset[name] = part.dataset[name];
    for (const fresh of blocks(part)) {
      const old = document.getElementById(fresh.id);
      if (!old) continue;
      if (fresh.dataset.block === "list") mergeList(old, fresh, added);
      else if (written(old) !== plain(fresh.outerHTML) && !guarded(old)) replace(old, fresh, added);
    }
    for (const field of target.querySelectorAll("input[name=version]")) field.value = part.dataset.version;
    // Minutes that are being changed are a change of what stood there then.
    const had = target.querySelector("input[name=had]");
    for (const field of [...target.querySelectorAll("input.agenda__minutes")].filter(changed)) {
      const id = field.name.split("-")[1];
      had.value = had.value.replace(new RegExp(`(^|,)${id}:\\d+`), `$1${id}:${field.defaultValue}`);
    }
    return added;
  };

  htmx.defineExtension("rows", {
    handleSwap: (style, target, fragment) => {
      const part = style === "rows" && fragment.querySelector("#workbench");
      if (!part) return false;
      before();
      const added = merge(bench(), part);
      for (const listen of listeners) listen();
      const byOthers = news;
      queueMicrotask(() => after(byOthers)); // htmx puts the focus back first, by the id of what had it
      return added;
    },
  });

  // Where the focus was: the same element by its id, else the row that took the place of the row.
  let kept = null;
  const rowOf = (element) => element?.closest?.("[data-row]");
  const rowsIn = (list) => [...list.querySelectorAll(":scope > [data-row]")];
  const before = () => {
    const active = document.activeElement;
    const row = rowOf(active);
    const list = row?.closest("[data-list]");
    kept = { active, id: active?.id, list: list?.id, row: list ? rowsIn(list).indexOf(row) : -1 };
  };
  const after = (byOthers = false) => {
    const opened = document.querySelector("#workbench [data-focus-first]");
    const wrong = document.querySelector("#workbench [aria-invalid='true']");
    const first = opened?.querySelector("select, input:not([type=hidden])");
    if (opened) delete opened.dataset.focusFirst;
    if (!byOthers && (wrong || first)) return (wrong || first).focus();
    if (!kept || document.activeElement !== document.body || kept.active === document.body) return undefined;
    const rows = kept.list ? rowsIn(document.getElementById(kept.list)) : [];
    const row = rows[Math.min(kept.row, rows.length - 1)];
    const target = document.getElementById(kept.id) || row?.querySelector("[data-open]");
    return target?.focus({ preventScroll: true });
  };

  const show = (html, { byOthers = false } = {}) => {
    news = byOthers;
    careful = true;
    htmx.swap(bench(), html, { swapStyle: "rows", swapDelay: 0, settleDelay: 0 }, { contextElement: bench() });
    news = careful = false;
  };

  // One's own requests: what the server says of a version that has passed is news no more.
  let sending = 0;
  document.addEventListener("htmx:beforeRequest", () => { sending += 1; });
  document.addEventListener("htmx:afterRequest", () => { sending -= 1; });
  const headers = () => ({ "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers") || "{}") });

  const look = async () => {
    const at = bench();
    if (!at || document.hidden || sending) return;
    const seen = at.dataset.seen;
    const query = new URLSearchParams(at.dataset.query);
    query.set("since", seen);
    if (at.dataset.open) query.set("open", at.dataset.open);
    const answer = await fetch(`${at.dataset.watch}?${query}`, { headers: headers(), redirect: "error" });
    if (answer.headers.has("HX-Refresh") || answer.headers.has("HX-Redirect")) return location.reload();
    if (answer.status !== 200) return undefined;
    const html = await answer.text();
    if (!sending && bench().dataset.seen === seen) show(html, { byOthers: true });
    return undefined;
  };
  const watch = async () => {
    try { await look(); } catch { /* The net is gone for a moment; the next look tells. */ }
    setTimeout(watch, EVERY);
  };

  // The order that was made here is sent as a whole; what is moved while an answer is on its way is sent after it.
  let waiting = false;
  const send = async () => {
    if (waiting) { waiting = "again"; return; }
    do {
      waiting = true;
      sending += 1;
      const at = bench();
      const body = new URLSearchParams({ items: rowsIn(document.getElementById("agenda")).map((row) => row.id.slice(5)).join(","), version: at.dataset.version });
      try {
        const answer = await fetch(`${at.dataset.order}?${at.dataset.query}`, { method: "POST", headers: headers(), body });
        const html = await answer.text();
        if (waiting === "again" && answer.ok) {
          at.dataset.seen = answer.headers.get("X-Version");
          at.dataset.version = at.dataset.seen.split(".")[0];
        } else if (answer.ok || answer.status === 409 || answer.status === 422) {
          waiting = true;
          show(html);
        } else location.reload();
      } catch {
        htmx.trigger(document.body, "htmx:sendError");
        waiting = true;
      } finally { sending -= 1; }
    } while (waiting === "again");
    waiting = false;
  };

  // A field that a change takes away says `change` once more: that one is no change of the person's.
  document.addEventListener("change", (event) => {
    if (event.target.isConnected && event.target.matches("input.agenda__minutes") && changed(event.target)) event.target.form.requestSubmit();
  });

  blocks(document).forEach(note);
  after();
  if (bench()) setTimeout(watch, EVERY);
  window.workbench = { bench, rowsIn, rowOf, typing, send, show, onChange: (listen) => listeners.push(listen) };
})();
