// Citizens' pages: the place on a map of the districts, the code by short message, facilities nearby.
async function districts(map, url) {
  const answer = await fetch(url);
  if (!answer.ok) return null;
  return L.geoJSON(await answer.json(), { interactive: false, style: { color: "#5b6b7b", weight: 1.2, fillColor: "#fbfcfd", fillOpacity: 1 } }).addTo(map);
}
const pin = L.divIcon({ className: "pin", iconSize: [16, 16], iconAnchor: [8, 8] });
for (const box of document.querySelectorAll("[data-place]")) {
  const text = document.querySelector("[name=location]"), note = document.querySelector("[data-place-text]");
  const map = L.map(box, { attributionControl: false }).setView([41.8, 123.43], 11);
  let mark = null;
  const put = (at, zoom) => {
    mark = (mark || L.marker(at, { icon: pin }).addTo(map)).setLatLng(at);
    text.value = JSON.stringify({ type: "Point", coordinates: [at.lng, at.lat] });
    note.textContent = `${at.lng.toFixed(5)}, ${at.lat.toFixed(5)}`;
    if (zoom) map.setView(at, zoom);
  };
  districts(map, box.dataset.districts);
  if (text.value) { const [lng, lat] = JSON.parse(text.value).coordinates; put(L.latLng(lat, lng), 15); }
  map.on("click", (event) => put(event.latlng));
  document.querySelector("[data-here]").addEventListener("click", () =>
    navigator.geolocation?.getCurrentPosition((fix) => put(L.latLng(fix.coords.latitude, fix.coords.longitude), 16), (error) => (note.textContent = error.message)));
}
document.querySelector("[data-send-code]")?.addEventListener("click", async () => {
  const form = document.querySelector("[data-citizen]"), note = document.querySelector("[data-code-note]");
  const body = new FormData();
  body.append("phone", form.phone.value);
  const answer = await fetch(form.dataset.code, { method: "POST", body, headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content } });
  note.textContent = (await answer.json()).message;
});
for (const box of document.querySelectorAll("[data-nearby-map]")) {
  const form = document.querySelector("[data-nearby]");
  const point = JSON.parse(document.getElementById("nearby-point").textContent);
  const map = L.map(box, { attributionControl: false }).setView(point ? [point[1], point[0]] : [41.8, 123.43], point ? 14 : 11);
  districts(map, box.dataset.districts).then(() => {
    if (point) L.marker([point[1], point[0]], { icon: pin }).addTo(map);
    for (const row of JSON.parse(document.getElementById("nearby").textContent))
      L.circleMarker([row.location[1], row.location[0]], { radius: 7, color: "#2e7d4f" }).bindTooltip(row.name).addTo(map);
  });
  const go = (lng, lat) => { form.lon.value = lng; form.lat.value = lat; form.submit(); };
  map.on("click", (event) => go(event.latlng.lng, event.latlng.lat));
  form.querySelector("[data-here]").addEventListener("click", () => navigator.geolocation?.getCurrentPosition((fix) => go(fix.coords.longitude, fix.coords.latitude)));
}
