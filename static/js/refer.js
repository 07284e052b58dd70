/* The referral form: what is known of the patient goes where nothing is typed, and the address remembers the draft. */
"use strict";
(() => {
  const form = () => document.getElementById("referral");

  const mark = (field, source) => {
    const line = document.createElement("div");
    line.className = "field__help";
    line.dataset.brought = field.value;
    line.textContent = source;
    field.closest(".field")?.append(line);
  };

  // Only what is empty is filled in: what a person has typed stands.
  const bring = (box) => {
    let filled = null;
    for (const { value: name, textContent: text } of box.querySelectorAll("data")) {
      const field = form()?.elements.namedItem(name);
      if (!field || field.value === undefined) continue;
      if (field.type === "checkbox") {
        if (field.checked) continue;
        field.checked = true;
      } else {
        if (field.value.trim()) continue;
        field.value = text;
        if (field.value.trim() === "") continue; // a person who is not on the list of choices
      }
      mark(field, box.dataset.brings);
      filled = field;
    }
    box.remove();
    filled?.dispatchEvent(new Event("input", { bubbles: true }));
  };

  document.addEventListener("htmx:load", (event) => {
    const part = event.detail.elt;
    const box = part.matches?.("[data-brings]") ? part : part.querySelector?.("[data-brings]");
    if (box) bring(box);
  });

  // A value that is changed no longer comes from the earlier case.
  document.addEventListener("input", (event) => {
    const line = event.target.closest?.(".field")?.querySelector("[data-brought]");
    if (line && (event.target.type === "checkbox" || event.target.value !== line.dataset.brought)) {
      if (event.isTrusted) line.remove();
    }
  });

  document.addEventListener("autosave:saved", (event) => {
    if (event.target !== form() || !event.detail?.draft) return;
    history.replaceState(history.state, "", `/cases/new/?draft=${event.detail.draft}`);
  });

  // Without a network the page stays, with everything that is typed.
  addEventListener("submit", (event) => {
    if (event.target !== form() || navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    document.dispatchEvent(new CustomEvent("htmx:sendError"));
  }, true);
})();
