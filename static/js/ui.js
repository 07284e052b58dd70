/* Small manners of every page: menus that close, filters that send themselves, focus on what went wrong. */
"use strict";
(() => {
  const closeMenus = (except) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  };

  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // Filters: a changed choice sends the form; the button for those without script is then not needed.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-submit-on-change]");
    if (form) form.requestSubmit();
  });

  const settle = (root) => {
    root.querySelectorAll("[data-without-script]").forEach((element) => { element.hidden = true; });
    root.querySelectorAll("[data-with-script]").forEach((element) => { element.hidden = false; });
    const target = root.querySelector("[data-focus]");
    if (target) target.focus();
  };

  const trouble = (name) => {
    const place = document.getElementById("trouble");
    if (!place) return;
    place.textContent = place.dataset[name];
    place.className = "trouble note note--blocker";
  };
  const noTrouble = () => {
    const place = document.getElementById("trouble");
    if (!place || !place.textContent) return;
    place.textContent = "";
    place.className = "vh";
  };

  document.addEventListener("htmx:sendError", () => trouble("offline"));
  document.addEventListener("htmx:timeout", () => trouble("offline"));
  document.addEventListener("htmx:responseError", () => trouble("refused"));
  document.addEventListener("htmx:afterOnLoad", noTrouble);
  document.addEventListener("htmx:load", (event) => settle(event.detail.elt));
  document.addEventListener("DOMContentLoaded", () => settle(document));
})();
