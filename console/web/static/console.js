"use strict";
// Everything works without this file; it makes it pleasant.

document.documentElement.classList.add("scripted");

// On a narrow screen the menu lies over the page: it goes when one turns to something else.
const menu = document.querySelector(".menu");
const narrow = matchMedia("(max-width: 56rem)");
const fit = () => { if (menu) menu.open = !narrow.matches; };
const close = () => { if (menu && narrow.matches) menu.open = false; };
fit();
narrow.addEventListener("change", fit);
document.addEventListener("click", (event) => { if (!menu?.contains(event.target)) close(); });
document.addEventListener("focusin", (event) => { if (!menu?.contains(event.target)) close(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.open && narrow.matches) { close(); menu.querySelector("summary").focus(); }
});

// What htmx changes must come from a page of ours: see guard.py.
document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRF-Token"] = document.body.dataset.csrf;
});

// A second click must not do a thing twice, and what cannot be undone is asked for.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) { event.preventDefault(); return; }
  if (event.target.method === "post") {
    setTimeout(() => event.target.querySelectorAll("button").forEach((each) => { each.disabled = true; }));
  }
});
