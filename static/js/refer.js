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

  const pairs = (box) => [...box.querySelectorAll("data")].map((one) => [form()?.elements.namedItem(one.value), one.textContent]);

  // The number has become another patient's: what came from the first one, and stands as it came, goes.
  const takeAway = (box) => {
    for (const [field, text] of pairs(box)) {
      if (field?.value === undefined || field.value.trim() !== text.trim()) continue;
      field.value = "";
      field.closest(".field")?.querySelectorAll(".field__help").forEach((line) => line.remove());
    }
    box.remove();
  };

  // Only what is empty is filled in: what a person has typed stands.
  const bring = (box) => {
    for (const [field, text] of pairs(box)) {
      if (field?.value === undefined) continue;
      if (field.type === "checkbox") {
        if (field.checked) continue;
        field.checked = true;
      } else {
        if (field.value.trim()) continue;
        field.value = text;
        if (field.value.trim() === "") continue; // a person who is not on the list of choices
      }
      mark(field, box.dataset.brings);
    }
    box.remove();
  };

  document.addEventListener("htmx:load", (event) => {
    const part = event.detail.elt;
    if (part.id !== "known") return;
    const away = part.querySelector("[data-takes-away]");
    const box = part.querySelector("[data-brings]");
    if (away) takeAway(away);
    if (box) bring(box);
    if (away || box) form().dispatchEvent(new Event("input", { bubbles: true })); // it is saved, and the panel follows
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
