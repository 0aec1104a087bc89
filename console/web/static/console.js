"use strict";
// Everything works without this file; it makes it pleasant.

document.documentElement.classList.add("scripted");

// The menu is open for those without JavaScript; on a narrow screen it starts closed.
const menu = document.querySelector(".menu");
const narrow = matchMedia("(max-width: 56rem)");
const fit = () => { if (menu) menu.open = !narrow.matches; };
fit();
narrow.addEventListener("change", fit);

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
