/*
 * The reader's queue by keyboard. In the list: x marks a case, shift + x (or shift and a click) all from the last one marked,
 * t takes the marked ones, or the one in focus; Enter begins the first. In the open case: Enter goes to the next field, Ctrl + Enter
 * finishes and opens the next, i opens the images one after another. The minutes follow the clock until the reader writes their own.
 */
"use strict";
(() => {
  const BEAT_MS = 5000;
  const STEPS = ["checkbox", "radio", "button", "submit"];
  let lastMarked = null;

  const list = () => document.getElementById("queue-list");
  const boxes = () => [...(list()?.querySelectorAll('input[name="preparation"]') || [])];
  const typing = (element) =>
    Boolean(element) && (["TEXTAREA", "SELECT"].includes(element.tagName) || (element.tagName === "INPUT" && !STEPS.includes(element.type)));

  // Marking -------------------------------------------------------------

  const count = () => {
    const bar = list()?.querySelector("[data-batch]");
    if (!bar) return;
    const marked = boxes().filter((box) => box.checked);
    const words = bar.querySelector("[data-batch-count]");
    words.dataset.hint ??= words.textContent;
    const minutes = marked.reduce((sum, box) => sum + Number(box.dataset.minutes), 0);
    const text = words.dataset.words.replace("{n}", marked.length).replace("{minutes}", minutes);
    words.textContent = marked.length ? text : words.dataset.hint;
    bar.classList.toggle("has-marked", marked.length > 0);
  };

  const mark = (box, checked, all) => {
    const every = boxes();
    const from = all && lastMarked?.isConnected ? every.indexOf(lastMarked) : -1;
    const to = every.indexOf(box);
    const range = from < 0 ? [box] : every.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of range) one.checked = checked;
    lastMarked = box;
    count();
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.('#queue-list input[name="preparation"]');
    if (box) mark(box, box.checked, event.shiftKey);
  });

  const rowInFocus = () => document.activeElement?.closest?.("#queue-list [data-row]");

  // Keys ----------------------------------------------------------------

  const keys = {
    x: (event) => {
      const box = rowInFocus()?.querySelector('input[name="preparation"]');
      if (box) mark(box, event.shiftKey || !box.checked, event.shiftKey);
      return Boolean(box);
    },
    t: () => {
      const take = rowInFocus()?.querySelector("[data-take]");
      if (!take || boxes().some((box) => box.checked)) return false;
      take.click();
      return true;
    },
    enter: () => {
      const begin = document.querySelector("[data-begin]");
      if (!begin || document.activeElement !== document.body || document.getElementById("open")?.childElementCount) return false;
      begin.click();
      return true;
    },
  };

  const finish = () => {
    const button = document.querySelector("form[data-findings] [data-finish]");
    // The button takes the focus first, so that the field's own change is told before the form is sent.
    button?.focus();
    button?.click();
    return Boolean(button);
  };

  const toNextField = (field) => {
    const fields = [...field.form.querySelectorAll("input:not([type=hidden]), textarea")].filter((one) => one.getClientRects().length);
    (fields[fields.indexOf(field) + 1] || field.form.querySelector("[data-finish]"))?.focus();
  };

  // Before the keys of the house: the list's own meaning of a key comes first.
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (finish()) event.preventDefault();
      return;
    }
    const field = event.target;
    if (event.key === "Enter" && field.matches?.("form[data-findings] input:not([type=hidden])")) {
      event.preventDefault();
      toNextField(field);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(document.activeElement)) return;
    if (keys[event.key.toLowerCase()]?.(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);

  // The open case -------------------------------------------------------

  const clock = () => {
    for (const place of document.querySelectorAll("[data-running]")) {
      const field = place.querySelector("input");
      if (!field || place.dataset.written) continue;
      place.dataset.offset ??= Date.parse(place.dataset.now) - Date.now();
      const spent = Math.max(1, Math.ceil((Date.now() + Number(place.dataset.offset) - Date.parse(place.dataset.running)) / 60000));
      // The server proposes the estimate instead, where the clock has run for so long that it says nothing.
      place.dataset.follows ??= Math.abs(spent - Number(field.value)) <= 1 ? "1" : "";
      if (place.dataset.follows && field.value !== String(spent)) field.value = spent;
    }
  };
  document.addEventListener("input", (event) => {
    const place = event.target.closest?.("[data-running]");
    if (place) place.dataset.written = "1";
  });

  const images = () => [...document.querySelectorAll('.preparation a[href$="/images/"]')];
  const nextImages = (link) => {
    const every = images();
    every.forEach((one) => { delete one.dataset.key; });
    const next = every[(every.indexOf(link) + 1) % every.length];
    if (next) next.dataset.key = "i";
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('.preparation a[href$="/images/"]');
    if (link) nextImages(link);
  });

  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details[data-reveal][open]")) event.target.querySelector("textarea, select")?.focus();
  }, true);

  // What could not be sent is unsaved again, and is tried by itself.
  document.addEventListener("htmx:sendError", (event) => {
    event.target.closest?.("form[data-autosave]")?.dispatchEvent(new Event("input"));
  });

  const settle = () => {
    const open = document.querySelector("[data-preparation-open]")?.dataset.preparationOpen;
    list()?.querySelectorAll("[data-preparation]").forEach((row) => row.classList.toggle("is-current", row.dataset.preparation === open));
    if (!images().some((link) => link.dataset.key)) nextImages(null);
    count();
    clock();
  };
  document.addEventListener("htmx:load", settle);
  document.addEventListener("DOMContentLoaded", () => {
    settle();
    setInterval(clock, BEAT_MS);
  });
})();
