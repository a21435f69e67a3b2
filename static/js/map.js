// Maps: the map page with vector tiles, the shape of a detail page, the drawing field of a form.
const DARK = Boolean(document.querySelector("[data-map-page][data-dark]"));
const FONT = "12px 'Noto Sans CJK SC', sans-serif";

// Leaflet guesses its images' address from the style sheet, which a hashed file name defeats.
const PIN = L.divIcon({ className: "pin", iconSize: [16, 16], iconAnchor: [8, 8] });

class Circle {
  constructor(colour) { this.colour = colour; }
  draw(context, geometry, zoom, feature) {
    const count = feature.props.count || 1;
    const radius = count > 1 ? Math.min(18, 8 + Math.log2(count)) : 4;
    for (const [point] of geometry) {
      context.beginPath();
      context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
      context.fillStyle = this.colour;
      context.fill();
      context.strokeStyle = "#fff";
      context.stroke();
      if (count > 1) {
        context.fillStyle = "#fff";
        context.font = FONT;
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillText(count > 9999 ? `${Math.round(count / 1000)}k` : count, point.x, point.y);
      }
    }
  }
}

function rules(layer) {
  if (layer.kind === "line")
    return [{ dataLayer: layer.name, symbolizer: new protomapsL.LineSymbolizer({ color: layer.colour, width: 2.5 }) }];
  if (layer.kind === "point")
    return [{ dataLayer: layer.name, symbolizer: new Circle(layer.colour) }];
  const isRegion = layer.name === "region";
  return [{
    dataLayer: layer.name,
    symbolizer: new protomapsL.PolygonSymbolizer({
      fill: isRegion ? (DARK ? "#12374c" : "#fbfcfd") : layer.colour, opacity: isRegion ? 1 : 0.18,
      stroke: layer.colour, width: isRegion ? 1.4 : 1, perFeature: true,
    }),
  }, {
    dataLayer: layer.name,
    symbolizer: new protomapsL.LineSymbolizer({ color: layer.colour, width: isRegion ? 1.4 : 0.8 }),
  }];
}

function labels(layer) {
  if (!layer.isLabelled) return [];
  return [{
    dataLayer: `${layer.name}-label`,
    minzoom: layer.kind === "point" ? 14 : 0,
    symbolizer: new protomapsL.CenteredTextSymbolizer({
      labelProps: ["name"], fill: DARK ? "#cfe6f3" : "#37444f", stroke: DARK ? "#071a26" : "#fff", width: 2, font: FONT,
    }),
  }];
}

function vectorLayer(layer) {
  return protomapsL.leafletLayer({
    url: layer.url, paintRules: rules(layer), labelRules: labels(layer), maxDataZoom: 18, attribution: "",
    minZoom: layer.minZoom, noWrap: true, backgroundColor: "transparent",
  });
}

function background(map, key) {
  if (!key) return;
  for (const kind of ["vec", "cva"])
    L.tileLayer(`https://t{s}.tianditu.gov.cn/DataServer?T=${kind}_w&x={x}&y={y}&l={z}&tk=${key}`,
      { subdomains: "01234567", maxZoom: 18, attribution: "天地图" }).addTo(map);
}

async function identify(map, settings, shown, point) {
  const reach = 8 * 360 / (256 * 2 ** map.getZoom());
  const box = [point.lng - reach, point.lat - reach, point.lng + reach, point.lat + reach].join(",");
  for (const layer of [...settings.layers].reverse().filter((layer) => shown.has(layer.name))) {
    const answer = await fetch(`${settings.features}${layer.name}.geojson?bbox=${box}`);
    if (!answer.ok) continue;
    const feature = (await answer.json()).features[0];
    if (!feature) continue;
    const content = document.createElement("div");
    const title = document.createElement("b");
    title.textContent = `${layer.title}: ${feature.properties.name || feature.properties.code}`;
    content.append(title);
    if (layer.page) {
      const link = document.createElement("a");
      link.href = `${layer.page}${feature.properties.pk ?? feature.id}/`;
      link.textContent = ` ${feature.properties.code || "→"}`;
      content.append(document.createElement("br"), link);
    }
    L.popup().setLatLng(point).setContent(content).openOn(map);
    return;
  }
}

function mapPage(canvas) {
  const settings = JSON.parse(document.getElementById("map-configuration").textContent);
  const map = L.map(canvas, { attributionControl: false, maxZoom: 19, minZoom: 3 });
  map.fitBounds(settings.bounds);
  L.control.scale({ imperial: false }).addTo(map);
  background(map, settings.tianditu);
  const wanted = new URLSearchParams(location.search).get("layer");
  const legend = document.querySelector("[data-map-legend]");
  const shown = new Set();
  for (const layer of settings.layers) {
    const drawn = vectorLayer(layer);
    const toggle = (isOn) => {
      if (isOn) { drawn.addTo(map); shown.add(layer.name); } else { drawn.remove(); shown.delete(layer.name); }
    };
    toggle(layer.isOn || layer.name === wanted);
    if (!legend) continue;
    const label = document.createElement("label"), box = document.createElement("input"), swatch = document.createElement("span");
    Object.assign(box, { type: "checkbox", checked: shown.has(layer.name) });
    box.addEventListener("change", () => toggle(box.checked));
    swatch.className = "swatch";
    swatch.style.background = layer.colour;
    label.append(box, swatch, layer.title);
    legend.append(label);
  }
  map.on("click", (event) => identify(map, settings, shown, event.latlng));
  canvas.dataset.ready = "1";
}

function base(map) {
  vectorLayer({ name: "region", url: "/tiles/region/{z}/{x}/{y}.mvt", colour: "#5b6b7b", kind: "polygon", minZoom: 0, isLabelled: true }).addTo(map);
}

function shapePanel(panel) {
  const shape = JSON.parse(JSON.parse(panel.querySelector("script").textContent));
  const map = L.map(panel, { attributionControl: false });
  const drawn = L.geoJSON(shape, { pointToLayer: (_f, at) => L.circleMarker(at, { radius: 7, color: "#c2571a" }) });
  map.fitBounds(drawn.getBounds().pad(0.5), { maxZoom: 15 });
  base(map);
  drawn.addTo(map);
}

function drawingField(field) {
  const text = field.querySelector("textarea");
  const isPoint = text.dataset.draw === "point", isAny = text.dataset.draw === "any";
  const map = L.map(field.querySelector(".map-canvas"), { attributionControl: false });
  const group = L.featureGroup();
  const off = { polyline: false, rectangle: false, circle: false, circlemarker: false };
  if (text.value.trim()) {
    try {
      L.geoJSON(JSON.parse(text.value)).eachLayer((layer) => {
        const parts = layer.feature.geometry.type === "MultiPolygon" ? layer.feature.geometry.coordinates : null;
        if (!parts) group.addLayer(layer.getLatLng ? L.marker(layer.getLatLng(), { icon: PIN }) : layer);
        else for (const part of parts) L.geoJSON({ type: "Polygon", coordinates: part }).eachLayer((one) => group.addLayer(one));
      });
    } catch (error) { console.warn(error); }
  }
  if (group.getLayers().length) map.fitBounds(group.getBounds().pad(0.5), { maxZoom: 15 });
  else map.setView([41.8, 123.43], 11);
  base(map);
  group.addTo(map);
  map.addControl(new L.Control.Draw({
    draw: { ...off, marker: (isPoint || isAny) && { icon: PIN }, polygon: !isPoint, polyline: isAny && {} }, edit: { featureGroup: group },
  }));
  const store = () => {
    const shapes = group.getLayers().map((layer) => layer.toGeoJSON().geometry);
    if (!shapes.length) text.value = "";
    else if (isPoint || isAny) text.value = JSON.stringify(shapes[shapes.length - 1]);
    else text.value = JSON.stringify({ type: "MultiPolygon", coordinates: shapes.map((shape) => shape.coordinates) });
    if (isPoint && text.value) document.dispatchEvent(new CustomEvent("map:placed"));
  };
  if (isPoint) {
    // A place is one click; other pages set it by the event `map:place` (longitude, latitude).
    const place = (at) => { group.clearLayers(); group.addLayer(L.marker(at, { icon: PIN })); store(); };
    map.on("click", (event) => place(event.latlng));
    document.addEventListener("map:place", (event) => {
      place([event.detail[1], event.detail[0]]);
      map.setView([event.detail[1], event.detail[0]], Math.max(map.getZoom(), 17));
    });
    if (document.querySelector("[data-new-case]")) document.dispatchEvent(new CustomEvent("map:made", { detail: map }));
  }
  map.on(L.Draw.Event.CREATED, (event) => { if (isPoint || isAny) group.clearLayers(); group.addLayer(event.layer); store(); });
  map.on(L.Draw.Event.EDITED, store);
  map.on(L.Draw.Event.DELETED, store);
}

// The district's grids and parts under a drawing field, where a page asks for them.
document.addEventListener("map:made", (event) => {
  vectorLayer({ name: "unitgrid", url: "/tiles/unitgrid/{z}/{x}/{y}.mvt", colour: "#8a97a5", kind: "polygon", minZoom: 14 }).addTo(event.detail);
  vectorLayer({ name: "partfacility", url: "/tiles/partfacility/{z}/{x}/{y}.mvt", colour: "#2e7d4f", kind: "point", minZoom: 15 }).addTo(event.detail);
});

document.querySelectorAll("[data-map-page]").forEach(mapPage);
document.querySelectorAll("[data-map-shape]").forEach(shapePanel);
document.querySelectorAll("[data-map-field]").forEach(drawingField);
