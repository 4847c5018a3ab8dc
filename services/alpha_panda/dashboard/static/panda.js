// What all pages do: the theme's switch, the stream's light, ages that grow, dialogs that ask first.
"use strict";
(() => {
  const root = document.documentElement;
  const STALE_SECONDS = 15;

  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.getElementById("theme")?.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    document.dispatchEvent(new Event("panda:theme"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("panda:theme")));

  const light = document.getElementById("connection");
  const tell = (state, words) => {
    if (!light) return;
    light.hidden = false;
    light.dataset.state = state;
    light.textContent = words;
  };
  document.body.addEventListener("htmx:sseOpen", () => tell("live", "following"));
  document.body.addEventListener("htmx:sseError", () => tell("lost", "connection lost, trying again"));
  document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (event.detail.type !== "changed") return;
    const told = JSON.parse(event.detail.data);
    if (told.problem) tell("lost", told.problem);
    else tell("live", "following");
    document.dispatchEvent(new CustomEvent("panda:changed", { detail: told }));
  });

  // A button that is replaced between the press and its end hears of no click: what moves waits for that.
  let pressed = false, missed = false;
  document.addEventListener("pointerdown", () => (pressed = true));
  for (const end of ["pointerup", "pointercancel"])
    document.addEventListener(end, () => {
      pressed = false;
      const live = document.getElementById("live");
      if (missed && live) setTimeout(() => htmx.trigger(live, "panda:done"));
      missed = false;
    });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (!pressed || event.detail.target.id !== "live") return;
    event.detail.shouldSwap = false;
    missed = true;
  });

  const words = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} days`;
  };
  const grow = () => {
    for (const age of document.querySelectorAll(".age[data-written]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(age.dataset.written)) / 1000));
      const open = age.dataset.open === "yes";
      age.querySelector(".since").textContent = open ? ` · written ${words(seconds)} ago` : " · market closed";
      document.getElementById("live")?.classList.toggle("stale", open && seconds > STALE_SECONDS);
    }
  };
  setInterval(grow, 1000);
  grow();
  document.body.addEventListener("htmx:afterSettle", grow);

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      for (const field of dialog.querySelectorAll("[name]")) if (field.name in opener.dataset) field.value = opener.dataset[field.name];
      for (const text of dialog.querySelectorAll("[data-says]")) text.textContent = opener.dataset[text.dataset.says] ?? "";
      dialog.showModal();
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  });
})();

// What became of a form that vanishes with its page's next change is told above all that moves.
const say = (form, answer) => {
  const said = document.getElementById("said");
  if (!said || !form.dataset.told) return;
  said.hidden = false;
  said.textContent = form.dataset.told.replace(/\{(\w+)\}/g, (_, name) => answer[name] ?? "");
};

// After a change the moving part of the page is asked for again, and nothing else: somebody may be typing elsewhere.
const done = (form, button) => {
  const live = document.getElementById("live");
  if (!live || !window.htmx) {
    setTimeout(() => location.reload(), 700);
    return;
  }
  form.closest("dialog")?.close();
  form.reset();
  const told = form.querySelector("output");
  if (told) told.hidden = true;
  if (button) button.disabled = false;
  htmx.trigger(live, "panda:done");
};

// Forms that ask the API: fields become JSON; what it refuses is told beside the form, in its own words.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form) return;
  event.preventDefault();
  const told = form.querySelector("output");
  const button = form.querySelector("button:not([type=button])");
  const body = form.dataset.fixed ? JSON.parse(form.dataset.fixed) : {};
  for (const [name, value] of new FormData(form)) if (value !== "") body[name] = value;
  const tell = (words) => {
    if (!told) return;
    told.hidden = false;
    told.textContent = words;
  };
  if (button) button.disabled = true;
  try {
    const empty = form.dataset.body === "none";
    const answer = await fetch(form.dataset.api, {
      method: form.dataset.method || "POST",
      headers: empty ? {} : { "Content-Type": "application/json" },
      body: empty ? undefined : JSON.stringify(body),
    });
    if (answer.ok) {
      if (form.dataset.then) location.assign(form.dataset.then);
      else if (answer.status === 202) tell("Noted. It waits for a second person who asks for the same.");
      else {
        say(form, await answer.json().catch(() => ({})));
        done(form, button);
      }
      return;
    }
    const problem = await answer.json().catch(() => ({}));
    tell(problem.detail || `The server answered ${answer.status}.`);
  } catch {
    tell("The server does not answer. Is the platform running?");
  }
  if (button) button.disabled = false;
});
