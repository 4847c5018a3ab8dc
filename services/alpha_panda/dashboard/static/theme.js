// Before anything is painted: the theme that was chosen here, where one was.
"use strict";
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();

// The colours of charts, from the style sheet: a canvas knows no custom properties.
window.pandaColours = () => {
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = {};
  for (const name of ["ink", "soft", "line", "accent", "good", "bad", "panel"]) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
};
