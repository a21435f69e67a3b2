// A case's page: one form a move, its keys, the map with grid and parts. And the form for a new case.
const COVER = { kind: "polygon", minZoom: 14, isLabelled: false };
function caseLayers(map, layers) {
  base(map);
  if (layers.includes("unitgrid")) vectorLayer({ name: "unitgrid", url: "/tiles/unitgrid/{z}/{x}/{y}.mvt", colour: "#8a97a5", ...COVER }).addTo(map);
  if (layers.includes("partfacility")) vectorLayer({ name: "partfacility", url: "/tiles/partfacility/{z}/{x}/{y}.mvt", colour: "#2e7d4f", kind: "point", minZoom: 15 }).addTo(map);
}
for (const panel of document.querySelectorAll("[data-case-map]")) {
  const data = JSON.parse(document.getElementById("case-map").textContent);
  const map = L.map(panel, { attributionControl: false }).setView([data.location[1], data.location[0]], 16);
  caseLayers(map, data.layers);
  L.marker([data.location[1], data.location[0]], { icon: PIN, title: data.number }).addTo(map);
  if (data.part) L.circleMarker([data.part[1], data.part[0]], { radius: 9, color: "#2e7d4f", fill: false }).addTo(map);
}
const moves = document.querySelector("[data-moves]");
function openMove(button) {
  for (const other of moves.querySelectorAll("[data-move]")) {
    const isThis = other === button && other.getAttribute("aria-expanded") !== "true";
    other.setAttribute("aria-expanded", isThis);
    const form = document.getElementById(`move-${other.dataset.move}`);
    form.hidden = !isThis;
    if (isThis) form.querySelector("textarea, select, input:not([type=hidden])")?.focus();
  }
}
moves?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (button) openMove(button);
});
if (moves) moves.dataset.ready = "1";
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") event.target.closest("form")?.requestSubmit();
  if (!moves || event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey) return;
  if (/^[1-9]$/.test(event.key)) {
    const button = moves.querySelectorAll("[data-move]")[Number(event.key) - 1];
    if (button) { event.preventDefault(); openMove(button); }
  }
});
document.addEventListener("click", (event) => {
  const guess = event.target.closest("[data-category]");
  if (!guess) return;
  const select = document.querySelector("form:not([hidden]) select[name$=category]");
  if (select) select.value = guess.dataset.category;
  else if (moves) {
    const button = moves.querySelector("[data-move]");
    openMove(button);
    const inside = document.querySelector(`#move-${button.dataset.move} select[name$=category]`);
    if (inside) inside.value = guess.dataset.category;
  }
});

// The new case: what helps is fetched while the acceptor types; a click on the map near a part fills it in.
const form = document.querySelector("[data-new-case]");
if (form) {
  const field = (name) => form.querySelector(`[name=${name}]`);
  const target = form.querySelector("[data-help-target]");
  let waiting;
  const help = () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const query = new URLSearchParams({ description: field("description").value, category: field("category").value, location: field("location").value });
      const answer = await fetch(`${form.dataset.helps}?${query}`);
      if (!answer.ok) return;
      target.innerHTML = await answer.text();
      const found = target.querySelector("[data-address]");
      if (found && !field("address").value) field("address").value = found.dataset.address;
    }, 400);
  };
  for (const name of ["description", "category"]) field(name).addEventListener("input", help);
  const text = field("location");
  document.addEventListener("map:placed", async (event) => {
    help();
    const answer = await fetch(`${form.dataset.part}?location=${encodeURIComponent(text.value)}`);
    const part = answer.ok ? await answer.json() : {};
    if (!part.code) return;
    field("part").value = part.code;
    field("category").value = part.category;
    const note = form.querySelector("[data-part-note]") || field("part").insertAdjacentElement("afterend", Object.assign(document.createElement("small"), { className: "muted" }));
    note.dataset.partNote = "";
    note.textContent = ` ${part.name} · ${part.owner}`;
  });
  const search = form.querySelector("[data-find-place]"), hits = form.querySelector("[data-hits]");
  let pause;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(async () => {
      hits.replaceChildren();
      if (search.value.trim().length < 2) return;
      const answer = await fetch(`${form.dataset.geocode}?q=${encodeURIComponent(search.value)}`);
      if (!answer.ok) return;
      for (const feature of (await answer.json()).features.slice(0, 6)) {
        const item = document.createElement("li"), button = document.createElement("button");
        button.type = "button";
        button.textContent = `${feature.properties.name}　${feature.properties.address}`;
        button.addEventListener("click", () => {
          hits.replaceChildren();
          field("address").value = feature.properties.address || feature.properties.name;
          document.dispatchEvent(new CustomEvent("map:place", { detail: feature.geometry.coordinates }));
        });
        item.append(button);
        hits.append(item);
      }
    }, 300);
  });
}
