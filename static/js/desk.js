// Keyboard at a desk: J/K choose a row, X ticks it, Enter opens it, N takes down a new report.
const queue = document.getElementById("queue");
let at = -1;
const rows = () => [...queue.querySelectorAll("tr[data-href]")];
function choose(number) {
  const all = rows();
  if (!all.length) return;
  at = Math.max(0, Math.min(all.length - 1, number));
  all.forEach((row, index) => row.classList.toggle("at", index === at));
  all[at].scrollIntoView({ block: "nearest" });
}
function ticks() {
  const button = queue.querySelector("[data-bulk]");
  if (button) button.disabled = !queue.querySelector("input[name=case]:checked");
}
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input:not([type=checkbox]), textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === "j") choose(at + 1);
  else if (key === "k") choose(at - 1);
  else if (key === "enter" && at >= 0 && !event.target.closest("a, button")) location.href = rows()[at].dataset.href;
  else if (key === "x" && at >= 0) {
    const box = rows()[at].querySelector("input[type=checkbox]");
    if (box) { box.checked = !box.checked; ticks(); }
  } else if (key === "n") document.querySelector("[accesskey=n]")?.click();
  else return;
  event.preventDefault();
});
queue.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, input, button, td:has(input)")) location.href = row.dataset.href;
});
queue.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]"))
    for (const box of queue.querySelectorAll("input[name=case]")) box.checked = event.target.checked;
  ticks();
});
document.addEventListener("htmx:afterSwap", () => { at = -1; });
