// The command hall's screen, polled every ten seconds; and the tracks of a day.
const RED = { red: "#ff5b4d", yellow: "#ffc95c", green: "#4fd08a", grey: "#9aa7b2" };
const hall = document.querySelector("[data-command]");
if (hall) {
  const bounds = JSON.parse(document.getElementById("command-bounds").textContent);
  const map = L.map(hall.querySelector("[data-command-map]"), { attributionControl: false, zoomControl: false, minZoom: 3, maxZoom: 18 });
  map.fitBounds(bounds);
  const shade = protomapsL.leafletLayer({
    url: "/tiles/region/{z}/{x}/{y}.mvt", maxDataZoom: 18, attribution: "", noWrap: true, backgroundColor: "transparent",
    paintRules: [
      { dataLayer: "region", symbolizer: new protomapsL.PolygonSymbolizer({ fill: "#12374c", opacity: 1, stroke: "#2f6b8a", width: 1.2, perFeature: true }) },
      { dataLayer: "region", symbolizer: new protomapsL.LineSymbolizer({ color: "#2f6b8a", width: 1.2 }) },
    ],
    labelRules: [{ dataLayer: "region-label", symbolizer: new protomapsL.CenteredTextSymbolizer({ labelProps: ["name"], fill: "#8fb9cd", stroke: "#071a26", width: 2, font: FONT }) }],
  });
  shade.addTo(map);
  const layers = { cases: L.layerGroup(), people: L.layerGroup(), vehicles: L.layerGroup(), heat: L.heatLayer([], { radius: 18, blur: 14, maxZoom: 14, minOpacity: 0.35 }) };
  for (const box of hall.querySelectorAll("[data-layer]")) {
    const toggle = () => (box.checked ? layers[box.dataset.layer].addTo(map) : layers[box.dataset.layer].remove());
    box.addEventListener("change", toggle);
    toggle();
  }
  const text = (tag, content, style) => Object.assign(document.createElement(tag), { textContent: content, className: style || "" });
  const refresh = async () => {
    const answer = await fetch(hall.dataset.live);
    if (!answer.ok) return;
    const data = await answer.json();
    hall.querySelector("[data-figures]").replaceChildren(...data.figures.map((item) => {
      const box = text("div", "", item.kind);
      box.append(text("strong", item.value), text("span", item.label));
      return box;
    }));
    hall.querySelector("[data-newest]").replaceChildren(...data.newest.map((item) => {
      const row = document.createElement("li");
      row.append(text("span", item.at), text("span", "", `lamp ${item.lamp}`), text("span", item.category), text("span", item.place), text("span", item.state));
      return row;
    }));
    layers.cases.clearLayers();
    for (const point of data.heat) L.circleMarker([point[0], point[1]], { radius: 3, stroke: false, fillColor: "#ff8a5c", fillOpacity: 0.8 }).addTo(layers.cases);
    for (const item of data.newest)
      L.circleMarker([item.location[1], item.location[0]], { radius: 7, color: "#fff", weight: 1, fillColor: RED[item.lamp] || "#fff", fillOpacity: 1 })
        .bindTooltip(`${item.number} ${item.category}`).addTo(layers.cases);
    layers.heat.setLatLngs(data.heat);
    if (!hall.dataset.ready && data.heat.length) map.fitBounds(L.latLngBounds(data.heat).pad(0.15), { maxZoom: 14 });
    layers.people.clearLayers();
    layers.vehicles.clearLayers();
    for (const one of data.positions)
      L.marker([one.location[1], one.location[0]], { icon: L.divIcon({ className: `who ${one.carrier}`, iconSize: [12, 12] }) })
        .bindTooltip(`${one.name} ${one.at}`).addTo(one.carrier === "vehicle" ? layers.vehicles : layers.people);
    hall.dataset.ready = "1";
  };
  refresh();
  setInterval(refresh, 10000);
}
const tracks = document.querySelector("[data-tracks]");
if (tracks) {
  const COLOURS = ["#1f6f8b", "#c2571a", "#2e7d4f", "#6a3d9a", "#b3261e", "#8a5a00", "#0f766e", "#9d174d"];
  const map = L.map(tracks, { attributionControl: false });
  map.fitBounds(JSON.parse(document.getElementById("tracks-bounds").textContent));
  base(map);
  const group = L.featureGroup().addTo(map);
  JSON.parse(document.getElementById("tracks").textContent).forEach((track, number) => {
    const colour = COLOURS[number % COLOURS.length];
    if (track.line.length) L.polyline(track.line, { color: colour, weight: 3 }).bindTooltip(track.name).addTo(group);
    const swatch = document.querySelector(`[data-swatch="${number}"]`);
    if (swatch) swatch.style.background = colour;
  });
  if (group.getLayers().length) map.fitBounds(group.getBounds().pad(0.1));
}
