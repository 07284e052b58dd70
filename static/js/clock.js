/*
 * Running clocks, set by the server's time (`data-now`), so that a screen with a wrong clock still shows the right one.
 *   data-clock="since" data-since data-budget   time spent on a case: 04:12 / 06:00; `is-over` past the budget
 *   data-clock="wall"                            the time of day
 *   data-clock="until" data-until                minutes left: −3 min past it
 * A stopped clock has no data-clock attribute.
 */
"use strict";
(() => {
  const offsets = new WeakMap();
  const two = (number) => String(number).padStart(2, "0");
  const span = (seconds) => {
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    const rest = two(seconds % 60);
    return hours ? `${hours}:${two(minutes)}:${rest}` : `${two(minutes)}:${rest}`;
  };

  const now = (element) => {
    if (!offsets.has(element)) {
      const server = Date.parse(element.dataset.now || "");
      offsets.set(element, Number.isNaN(server) ? 0 : server - Date.now());
    }
    return Date.now() + offsets.get(element);
  };

  const show = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const draw = {
    since(element) {
      const spent = Math.max(0, Math.floor((now(element) - Date.parse(element.dataset.since)) / 1000));
      const budget = element.dataset.budget ? Number(element.dataset.budget) : null;
      element.classList.toggle("is-over", budget !== null && spent > budget);
      show(element, budget === null ? span(spent) : `${span(spent)} / ${span(budget)}`);
    },
    wall(element) {
      const time = new Date(now(element));
      const zone = { timeZone: "Europe/Stockholm", hour: "2-digit", minute: "2-digit" };
      show(element, time.toLocaleTimeString("sv-SE", zone));
    },
    until(element) {
      const left = Math.floor((Date.parse(element.dataset.until) - now(element)) / 60000);
      element.classList.toggle("is-over", left < 0);
      show(element, `${left < 0 ? "−" : ""}${Math.abs(left)} min`);
    },
  };

  const tick = () => {
    document.querySelectorAll("[data-clock]").forEach((element) => draw[element.dataset.clock]?.(element));
  };

  document.addEventListener("DOMContentLoaded", () => {
    tick();
    setInterval(tick, 1000);
  });
  document.addEventListener("htmx:load", tick);
})();
