// The supervisor's phone. What is done without a network waits in IndexedDB and is sent once when it is back.
const URLS = JSON.parse(document.body.dataset.urls);
const WORDS = JSON.parse(document.querySelector("[data-words]").dataset.words);
const $ = (query, inside = document) => inside.querySelector(query);
let csrf = "", known = { tasks: [], mine: [], categories: [] }, here = null, place = null, task = null;

// --- the store: `items` are reports and answers with their photos, `points` the track, `state` what was last known
const store = new Promise((resolve, reject) => {
  const request = indexedDB.open("field", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("items", { keyPath: "uuid" });
    request.result.createObjectStore("points", { keyPath: "at" });
    request.result.createObjectStore("state");
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
async function db(table, mode, work) {
  const transaction = (await store).transaction(table, mode);
  const request = work(transaction.objectStore(table));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
  });
}
const items = () => db("items", "readonly", (table) => table.getAll());
const points = () => db("points", "readonly", (table) => table.getAll());
const uuid = () => crypto.randomUUID ? crypto.randomUUID() : ([1e7] + -1e3 + -4e3 + -8e3 + -1e11).replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

// --- messages and views
function say(text, kind = "") {
  const box = $("[data-message]");
  box.textContent = text;
  box.className = `message ${kind}`;
  box.hidden = !text;
}
function show(name) {
  for (const view of document.querySelectorAll("[data-view]")) view.hidden = view.dataset.view !== name;
  for (const tab of document.querySelectorAll("[data-tab]")) tab.setAttribute("aria-pressed", tab.dataset.tab === name);
  if (name === "report") { reportMap().invalidateSize(); locate(); }
  if (name === "mine") drawMine();
  scrollTo(0, 0);
}
const element = (tag, text, style) => Object.assign(document.createElement(tag), { textContent: text, className: style || "" });

// --- sending
let sending = false, again = false;
async function post(url, body, headers = {}) {
  const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": csrf, ...headers }, credentials: "same-origin" });
  if (answer.redirected || answer.status === 403) throw new Error("login");
  return answer;
}
async function send() {
  if (sending) again = true; // what came in meanwhile is not left for half a minute
  if (sending || !navigator.onLine) return;
  sending = true;
  try {
    if (!(await refresh())) return;
    for (const item of (await items()).filter((one) => !one.refused)) {
      const body = new FormData();
      for (const [name, value] of Object.entries(item.fields)) body.append(name, value);
      body.append("uuid", item.uuid);
      item.photos.forEach((photo, number) => body.append("photos", photo, `photo-${number}.jpg`));
      const answer = await post(item.url, body);
      if (answer.status >= 500) break;
      const data = await answer.json();
      if (answer.ok) {
        await db("items", "readwrite", (table) => table.delete(item.uuid));
        say(`${WORDS.sent} ${data.number}`, "success");
      } else await db("items", "readwrite", (table) => table.put({ ...item, refused: data.message }));
    }
    for (let batch = await points(); batch.length; batch = await points()) {
      const some = batch.slice(0, 200);
      const answer = await post(URLS.track, JSON.stringify({ points: some }), { "Content-Type": "application/json" });
      if (answer.status >= 500) break;
      for (const one of some) await db("points", "readwrite", (table) => table.delete(one.at));
    }
    await refresh();
  } catch (error) {
    if (error.message === "login") say(WORDS.login, "warning");
  } finally {
    sending = false;
    await count();
    if (again) { again = false; send(); }
  }
}
async function keep(item) {
  await db("items", "readwrite", (table) => table.put(item));
  await count();
  if (!navigator.onLine) say(WORDS.kept, "warning");
  send();
}
async function count() {
  const waiting = (await items()).length, box = $("[data-waiting]");
  box.hidden = !waiting;
  box.textContent = `${waiting} ${WORDS.waiting}`;
  $("[data-points]").textContent = (await points()).length;
  if (!$("[data-view=mine]").hidden) drawMine();
}

// --- what the desk knows
async function refresh() {
  try {
    const answer = await fetch(URLS.state, { credentials: "same-origin" });
    if (answer.redirected || !answer.ok) { say(WORDS.login, "warning"); return false; }
    known = await answer.json();
    csrf = known.csrf;
    await db("state", "readwrite", (table) => table.put({ ...known, csrf: "" }, "known"));
  } catch { return false; }
  draw();
  return true;
}
function draw() {
  $("[data-name]").textContent = known.name || "";
  $("[data-count]").textContent = known.tasks.length || "";
  $("[data-no-tasks]").hidden = known.tasks.length > 0;
  $("[data-tasks]").replaceChildren(...known.tasks.map((one) => {
    const button = element("button", "", `item ${one.lamp}`);
    button.append(element("b", `${WORDS[one.kind]} · ${one.category}`), document.createElement("br"), one.description, document.createElement("br"),
      element("small", `${one.address} · ${one.number}${one.due ? ` · ${WORDS.due} ${one.due}` : ""}`));
    button.addEventListener("click", () => openTask(one));
    return button;
  }));
  const list = $("#categories");
  if (!list.children.length)
    list.append(...known.categories.map((row) => Object.assign(document.createElement("option"), { value: `${row.code} ${row.name}` })));
  const shift = known.shift, box = $("[data-shift]");
  box.replaceChildren();
  if (!shift) box.textContent = WORDS.noshift;
  else box.append(element("b", shift.name), document.createElement("br"),
    `${WORDS.came} ${shift.came || "—"}${shift.is_late ? `（${WORDS.late}）` : ""} · ${WORDS.left} ${shift.left || "—"}`);
  $("[data-km]").textContent = known.km_today ?? 0;
}
async function drawMine() {
  const waiting = await items();
  $("[data-queue]").replaceChildren(...waiting.map((one) => {
    const box = element("div", "", `item ${one.refused ? "refused" : "yellow"}`);
    box.append(element("b", one.title), document.createElement("br"), element("small", one.refused ? `${WORDS.refused} ${one.refused}` : WORDS.waiting));
    if (one.refused) {
      const remove = element("button", WORDS.remove);
      remove.addEventListener("click", async () => { await db("items", "readwrite", (table) => table.delete(one.uuid)); count(); });
      box.append(remove);
    }
    return box;
  }));
  $("[data-mine]").replaceChildren(...known.mine.map((one) => {
    const box = element("div", "", "item");
    box.append(element("b", `${one.category || "—"} · ${one.state}`), document.createElement("br"), one.description, document.createElement("br"), element("small", `${one.number} · ${one.at}`));
    return box;
  }));
}

// --- place and photos
let map, mark;
function reportMap() {
  if (map) return map;
  map = L.map($("[data-map]"), { attributionControl: false }).setView([41.8, 123.43], 12);
  base(map);
  vectorLayer({ name: "partfacility", url: "/tiles/partfacility/{z}/{x}/{y}.mvt", colour: "#2e7d4f", kind: "point", minZoom: 15 }).addTo(map);
  map.on("click", (event) => setPlace(event.latlng.lng, event.latlng.lat, null, true));
  return map;
}
async function setPlace(lon, lat, accuracy, isTapped) {
  place = { lon, lat };
  mark = mark || L.marker([lat, lon], { icon: PIN }).addTo(reportMap());
  mark.setLatLng([lat, lon]);
  if (!isTapped) map.setView([lat, lon], 17);
  $("[data-fix]").textContent = `${lon.toFixed(6)}, ${lat.toFixed(6)}${accuracy ? ` · ${WORDS.accuracy} ${Math.round(accuracy)} m` : ""}`;
  if (!isTapped || !navigator.onLine) return;
  try {
    const answer = await fetch(`${URLS.part}?location=${encodeURIComponent(JSON.stringify({ type: "Point", coordinates: [lon, lat] }))}`);
    const part = answer.ok ? await answer.json() : {};
    if (!part.code) return;
    $("[name=part]").value = part.code;
    $("[data-part]").textContent = `${part.name} · ${part.owner}`;
    const category = known.categories.find((row) => row.code === part.category);
    if (category) $("[data-category]").value = `${category.code} ${category.name}`;
  } catch { /* no network: the code can be typed */ }
}
function locate() {
  navigator.geolocation?.getCurrentPosition((fix) => { here = fix.coords; if (!place) setPlace(here.longitude, here.latitude, here.accuracy); }, () => {}, { enableHighAccuracy: true, timeout: 15000 });
}
// A phone's photo has several megabytes; 1600 px show everything and go through a bad network.
async function small(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
}
for (const form of document.querySelectorAll("[data-report], [data-answer]")) {
  form.photos = [];
  $("[data-photos]", form).addEventListener("change", async (event) => {
    for (const file of event.target.files) {
      try {
        const photo = await small(file);
        form.photos.push(photo);
        $("[data-thumbs]", form).append(Object.assign(new Image(), { src: URL.createObjectURL(photo), alt: "" }));
      } catch { say(`${WORDS.refused} ${file.name}`, "error"); }
    }
    event.target.value = "";
  });
}
function clear(form) {
  form.reset();
  form.photos = [];
  $("[data-thumbs]", form).replaceChildren();
}

// --- report, answer, attendance, track
$("[data-report]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (!place) return say(WORDS.place, "error");
  const category = $("[data-category]").value.split(" ")[0];
  await keep({
    uuid: uuid(), url: URLS.report, title: form.description.value.slice(0, 30), photos: form.photos,
    fields: { description: form.description.value, part: form.part.value, category, lon: place.lon, lat: place.lat, at: new Date().toISOString() },
  });
  clear(form);
  $("[data-part]").textContent = "";
  place = null;
  show("mine");
});
let taskMap;
function openTask(one) {
  task = one;
  show("task");
  $("[data-task-title]").textContent = `${WORDS[one.kind]} · ${one.category}`;
  $("[data-task-body]").replaceChildren(element("p", one.description), element("p", `${one.address} · ${one.number}`, "muted"));
  $("[data-answers]").replaceChildren($(`[data-${one.kind}]`).content.cloneNode(true));
  const at = [one.location[1], one.location[0]];
  if (!taskMap) { taskMap = L.map($("[data-task-map]"), { attributionControl: false }); base(taskMap); taskMap.mark = L.marker(at, { icon: PIN }).addTo(taskMap); }
  taskMap.mark.setLatLng(at);
  taskMap.invalidateSize();
  taskMap.setView(at, 16);
  locate();
}
$("[data-back]").addEventListener("click", () => show("tasks"));
$("[data-answer]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target, move = event.submitter.value;
  if (move !== "verify_false" && !form.photos.length) return say(WORDS.photo, "error");
  const fields = { move, opinion: form.opinion.value };
  if (here) Object.assign(fields, { lon: here.longitude, lat: here.latitude });
  await keep({ uuid: uuid(), url: `${URLS.answer}${task.case}/`, title: `${WORDS[task.kind]} ${task.number}`, photos: form.photos, fields });
  known.tasks = known.tasks.filter((one) => one.id !== task.id);
  draw();
  clear(form);
  show("tasks");
});
for (const button of document.querySelectorAll("[data-attend]"))
  button.addEventListener("click", async () => {
    const body = new FormData();
    body.append("direction", button.dataset.attend);
    if (here) { body.append("lon", here.longitude); body.append("lat", here.latitude); }
    try {
      const answer = await post(URLS.attend, body), data = await answer.json();
      if (answer.ok) { known.shift = data.shift; draw(); say(""); } else say(data.message, "error");
    } catch (error) { say(error.message === "login" ? WORDS.login : WORDS.offline, "error"); }
  });
let watching = null;
$("[data-tracking]").addEventListener("change", (event) => {
  if (watching !== null) navigator.geolocation.clearWatch(watching);
  watching = null;
  if (!event.target.checked || !navigator.geolocation) return;
  let last = 0;
  watching = navigator.geolocation.watchPosition(async (fix) => {
    here = fix.coords;
    if (fix.timestamp - last < 20000) return;
    last = fix.timestamp;
    await db("points", "readwrite", (table) => table.put({ at: fix.timestamp, lon: here.longitude, lat: here.latitude, accuracy: here.accuracy }));
    await count();
  }, () => {}, { enableHighAccuracy: true });
});
for (const tab of document.querySelectorAll("[data-tab]")) tab.addEventListener("click", () => { say(""); show(tab.dataset.tab); });
function net() {
  const box = $("[data-net]");
  box.textContent = navigator.onLine ? WORDS.online : WORDS.offline;
  box.classList.toggle("off", !navigator.onLine);
  if (navigator.onLine) send();
}
addEventListener("online", net);
addEventListener("offline", net);
setInterval(send, 30000);
(async () => {
  navigator.serviceWorker?.register(URLS.worker, { scope: "/coordination/field/" });
  const last = await db("state", "readonly", (table) => table.get("known"));
  if (last) { known = last; draw(); }
  await count();
  net();
  if (!navigator.onLine) draw();
})();
