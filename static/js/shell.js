// The shell: hotkey, tabs, confirmation, closing menus, htmx security token, the clock of the command hall.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
});
document.addEventListener("htmx:pushedIntoHistory", () => {
  for (const input of document.querySelectorAll("[data-current-query], .actions input[name=query]"))
    input.value = location.search.slice(1);
});
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-hotkey='/']");
  if (event.key === "/" && field && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    field.focus();
  }
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
});
document.addEventListener("click", (event) => {
  const toggle = event.target.closest(".side-toggle");
  if (toggle) {
    const isOpen = document.getElementById("side").classList.toggle("open");
    toggle.setAttribute("aria-expanded", isOpen);
  }
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (tab) openTab(tab);
});
function openTab(tab) {
  for (const other of tab.parentElement.children) {
    other.setAttribute("aria-selected", other === tab);
    document.getElementById(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls").replace("panel-", "tab-")}`);
}
if (location.hash.startsWith("#tab-")) {
  // No element has the hash as its id, so the browser does not jump past the heading.
  const tab = document.querySelector(`[role=tab][aria-controls="panel-${CSS.escape(location.hash.slice(5))}"]`);
  if (tab) openTab(tab);
}
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
for (const clock of document.querySelectorAll("[data-clock]")) {
  const tick = () => (clock.textContent = new Date().toLocaleString(document.documentElement.lang, { hour12: false }));
  tick();
  setInterval(tick, 1000);
}
