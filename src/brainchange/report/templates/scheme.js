"use strict";
// Light or dark: the system says which, until the reader does. Storage may be forbidden.
(() => {
  const NAME = "brainchange-scheme";
  const show = (chosen) => {
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.scheme = chosen;
    else delete document.documentElement.dataset.scheme;
  };
  let kept = "";
  try { kept = localStorage.getItem(NAME) ?? ""; } catch { kept = ""; }
  show(kept);
  addEventListener("DOMContentLoaded", () => {
    const choices = document.querySelector(".scheme");
    if (!choices) return;
    choices.hidden = false;
    const all = [...choices.querySelectorAll("input")];
    (all.find((one) => one.value === kept) ?? all[0]).checked = true;
    choices.addEventListener("change", (event) => {
      show(event.target.value);
      try { localStorage.setItem(NAME, event.target.value); } catch { /* Shown, only not kept. */ }
    });
  });
})();
