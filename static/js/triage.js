/*
 * Triage: an answer that takes a reason opens the line for it in place instead of being sent; Enter then sends it with
 * the answer that was chosen, Escape closes the line. Every other answer is sent at once.
 */
"use strict";
(() => {
  const parts = (form) => ({
    line: form.querySelector(".triage__reason"),
    field: form.querySelector("[name=reason]"),
    label: form.querySelector(".triage__reason label"),
    chosen: form.querySelector("button[name=answer][hidden]"),
  });

  const mark = (form, value) => {
    parts(form).chosen.value = value;
    form.querySelectorAll("button[name=answer]").forEach((one) => one.classList.toggle("is-chosen", value !== "" && one.value === value));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-triage] button[data-asks]");
    if (!button) return;
    const form = button.form;
    const { line, field, label, chosen } = parts(form);
    if (!line.hidden && chosen.value === button.value) return;
    event.preventDefault();
    line.hidden = false;
    label.textContent = button.dataset.asks;
    mark(form, button.value);
    field.focus();
  }, true);

  document.addEventListener("keydown", (event) => {
    const form = event.key === "Escape" && event.target.closest?.("[data-triage]");
    if (!form || event.target.name !== "reason") return;
    const { line, field } = parts(form);
    field.value = "";
    line.hidden = true;
    mark(form, "");
    document.querySelector("#triage .question")?.focus();
  });
})();
