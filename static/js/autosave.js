/*
 * Forms with `data-autosave` are saved a second after the last key. The form's own button stays for those without script.
 * The server answers 2xx with the new version in `X-Version` (or JSON `version`); 409 names who changed it (JSON `detail`);
 * 400 or 422 gives JSON `errors: [{field, message}]`. What could not be sent stays in the form and is tried again.
 */
"use strict";
(() => {
  const IDLE_MS = 1000;
  const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
  const forms = new WeakMap();
  const live = new Set();

  class Autosave {
    constructor(form) {
      this.form = form;
      this.state = form.querySelector("[data-autosave-status]") || document.querySelector(`[data-autosave-status="${form.id}"]`);
      this.timer = 0;
      this.tries = 0;
      this.sending = false;
      this.request = null;
      this.dirty = false;
      this.stopped = false;
      form.addEventListener("input", () => this.touch());
      form.addEventListener("change", () => this.touch());
      form.addEventListener("submit", () => { this.dirty = false; clearTimeout(this.timer); });
      live.add(this);
    }

    touch() {
      // A field that is swapped away tells of a change once more: that form has been sent.
      if (this.stopped || !this.form.isConnected) return;
      this.dirty = true;
      this.tries = 0;
      this.say("unsaved", "");
      this.plan(IDLE_MS);
    }

    plan(wait) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.send(), wait);
    }

    say(name, css, text) {
      if (!this.state) return;
      const now = new Date().toLocaleTimeString("sv-SE", { timeZone: "Europe/Stockholm", hour: "2-digit", minute: "2-digit" });
      const words = text || (this.state.dataset[name] || "").replace("{time}", now);
      if (this.state.textContent !== words) this.state.textContent = words;
      this.state.className = `savestate ${css}`;
    }

    /* Saves now and says whether everything is kept: asked before the page moves on. */
    async flush() {
      if (this.request) await this.request;
      if (this.dirty) await this.send();
      return !this.dirty;
    }

    send(keepalive = false) {
      if (this.sending || !this.dirty || this.stopped) return this.request || Promise.resolve();
      this.request = this.post(keepalive).finally(() => { this.request = null; });
      return this.request;
    }

    async post(keepalive) {
      clearTimeout(this.timer);
      this.sending = true;
      this.dirty = false;
      const body = new FormData(this.form);
      let answer;
      try {
        answer = await fetch(this.form.action, {
          method: this.form.dataset.autosaveMethod || "POST",
          body,
          keepalive,
          credentials: "same-origin",
          redirect: "manual",
          headers: { "X-Autosave": "1", "X-CSRFToken": body.get("csrfmiddlewaretoken") || "", Accept: "application/json" },
        });
      } catch {
        this.again("retrying");
        return;
      }
      await this.take(answer);
    }

    async take(answer) {
      const json = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json().catch(() => ({})) : {};
      this.sending = false;
      if (answer.ok) {
        this.version(answer.headers.get("X-Version") || json.version);
        this.marks([]);
        this.tries = 0;
        if (this.dirty) { this.say("unsaved", ""); this.plan(IDLE_MS); } else this.say("saved", "is-saved");
        this.form.dispatchEvent(new CustomEvent("autosave:saved", { bubbles: true, detail: json }));
      } else if (answer.status === 409) {
        this.stopped = true;
        this.dirty = true;
        this.say("conflict", "is-refused", json.detail);
      } else if (answer.status === 400 || answer.status === 422) {
        this.dirty = true;
        this.marks(json.errors || []);
        this.say("refused", "is-refused", json.errors?.length ? "" : json.detail);
      } else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        this.again("expired");
      } else {
        this.again("retrying");
      }
    }

    again(name) {
      this.sending = false;
      this.dirty = true;
      this.say(name, "is-retrying");
      this.plan(RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
    }

    version(value) {
      const field = this.form.elements.namedItem("version");
      if (field && value !== undefined && value !== null && value !== "") field.value = value;
    }

    // Errors stand by their field, as the server's own form shows them.
    marks(errors) {
      this.form.querySelectorAll("[data-autosave-error]").forEach((element) => element.remove());
      this.form.querySelectorAll("[data-autosave-bad]").forEach((field) => {
        field.removeAttribute("aria-invalid");
        field.removeAttribute("aria-errormessage");
        delete field.dataset.autosaveBad;
      });
      for (const error of errors) {
        const found = this.form.elements.namedItem(error.field);
        const field = found instanceof RadioNodeList ? found[0] : found;
        if (!field) { this.say("refused", "is-refused", error.message); continue; }
        const line = document.createElement("p");
        line.className = "field__error";
        line.dataset.autosaveError = "";
        line.id = `${field.id || error.field}_autosave_error`;
        line.textContent = error.message;
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-errormessage", line.id);
        field.dataset.autosaveBad = "";
        (field.closest(".field") || field.parentElement).append(line);
      }
    }
  }

  const settle = (root) => {
    root.querySelectorAll?.("form[data-autosave]").forEach((form) => {
      if (!forms.has(form)) forms.set(form, new Autosave(form));
    });
    if (root.matches?.("form[data-autosave]") && !forms.has(root)) forms.set(root, new Autosave(root));
    for (const saver of live) if (!saver.form.isConnected) live.delete(saver);
  };

  document.addEventListener("DOMContentLoaded", () => settle(document));
  document.addEventListener("htmx:load", (event) => settle(event.detail.elt));
  // A form must never be swapped away while something in it is unsaved.
  document.addEventListener("htmx:beforeSwap", (event) => {
    for (const saver of live) {
      if ((saver.dirty || saver.sending) && event.detail.target.contains(saver.form)) event.detail.shouldSwap = false;
    }
  });
  // Next, park, open another page: what was just written is saved first, then the move goes on.
  const unsaved = (form) => [...live].filter((saver) => saver.form !== form && (saver.dirty || saver.sending) && !saver.stopped);
  const saved = async (savers) => (await Promise.all(savers.map((saver) => saver.flush()))).every(Boolean);
  document.addEventListener("submit", async (event) => {
    // A save of this very form is on its way: its answer brings the version that the form must carry.
    const own = forms.get(event.target);
    if (own?.request) {
      event.preventDefault();
      event.stopImmediatePropagation();
      await own.request;
      event.target.requestSubmit(event.submitter);
      return;
    }
    const waiting = unsaved(event.target);
    if (!waiting.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await saved(waiting)) event.target.requestSubmit(event.submitter);
  }, true);
  document.addEventListener("htmx:confirm", (event) => {
    const waiting = unsaved(event.target.closest("form[data-autosave]"));
    if (!waiting.length) return;
    event.preventDefault();
    saved(waiting).then((kept) => { if (kept) event.detail.issueRequest(true); });
  });
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[href]");
    const waiting = link ? unsaved(null) : [];
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.target === "_blank" || link?.getAttribute("href").startsWith("#");
    if (!waiting.length || elsewhere || event.defaultPrevented) return;
    event.preventDefault();
    if (await saved(waiting)) location.assign(link.href);
  });
  addEventListener("online", () => live.forEach((saver) => saver.send()));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") live.forEach((saver) => saver.send(true));
  });
  addEventListener("beforeunload", (event) => {
    if ([...live].some((saver) => saver.dirty || saver.sending)) event.preventDefault();
  });
})();
