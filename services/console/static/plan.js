// Plans: grids are chosen and cut on the form's map; what a plan does is drawn before and after, on two maps as one.
import { canvas, fit, load, swatch } from "/static/canvas.js";

const PARTS = { before: ["other", "before"], after: ["other", "after", "gap", "overlap"] };

function picture() {
  const told = document.querySelector("[data-pictured]");
  if (!told) return;
  const found = JSON.parse(told.dataset.pictured);
  delete told.dataset.pictured;
  const maps = Object.entries(PARTS).map(([id, parts]) => {
    const map = canvas(document.getElementById(id));
    for (const part of parts) {
      const style = swatch(document.querySelector(`[data-part="${part}"]`));
      const layer = L.geoJSON(found, { filter: ({ properties }) => properties.part === part, style }).addTo(map);
      layer.bindTooltip(({ feature }) => feature.properties.name || part, { sticky: true });
    }
    fit(map, L.geoJSON(found).getBounds());
    return map;
  });
  const [before, after] = maps;
  for (const [one, other] of [[before, after], [after, before]]) {
    one.on("dragend zoomend", () => other.setView(one.getCenter(), one.getZoom(), { animate: false }));
  }
  told.dataset.drawn = found.features.length;
}

function choosing(place) {
  const colours = { source: "#legend .changing", beside: "#legend .neighbour", chosen: "#legend .active", cut: "#legend .bad", building: "#legend .building" };
  const styles = Object.fromEntries(Object.entries(colours).map(([name, at]) => [name, swatch(document.querySelector(at))]));
  const map = canvas(place);
  const sources = place.dataset.sources.split(" ").filter(Boolean);
  const ground = L.featureGroup().addTo(map);
  const line = L.featureGroup().addTo(map);
  const seen = new Set();
  const cut = document.getElementById("cut");
  const box = (code) => document.querySelector(`#main input[type="checkbox"][value="${code}"]`);

  function add(feature) {
    if (seen.has(feature.id)) return;
    seen.add(feature.id);
    const own = sources.includes(feature.id);
    const choice = box(feature.id);
    const building = feature.geometry.type === "Point";
    const style = () => (building ? styles.building : own ? styles.source : choice?.checked ? styles.chosen : styles.beside);
    const layer = L.geoJSON(feature, {
      style,
      interactive: !cut,
      pointToLayer: (_, at) => L.circleMarker(at, { radius: 3 }),
    }).addTo(ground);
    if (own) layer.eachLayer((one) => one.bringToFront());
    if (!choice) return;
    choice.addEventListener("change", () => layer.setStyle(style()));
    layer.bindTooltip(feature.properties.name, { sticky: true }).on("click", () => choice.click());
  }

  async function draw() {
    for (const found of await Promise.all(sources.map((code) => load(`/grids/${code}/around.json`)))) {
      found?.features.forEach(add);
    }
    const own = ground.getLayers().flatMap((layer) => layer.getLayers()).filter(({ feature }) => sources.includes(feature.id));
    fit(map, L.featureGroup(own).getBounds().pad(0.3));
    place.dataset.drawn = seen.size;
  }

  function trace() {
    line.clearLayers();
    const points = cut.value.split("\n").map((text) => text.split(/[\s,\uff0c]+/).map(Number))
      .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)).map(([x, y]) => [y, x]);
    L.polyline(points, { color: styles.cut.color, weight: 3, interactive: false }).addTo(line);
    for (const at of points) L.circleMarker(at, { radius: 4, color: styles.cut.color, interactive: false }).addTo(line);
  }

  if (cut) {
    map.on("click", ({ latlng: { lng, lat } }) => {
      cut.value = `${cut.value.trim()}\n${lng.toFixed(6)},${lat.toFixed(6)}`.trim();
      cut.dispatchEvent(new Event("input", { bubbles: true }));
    });
    cut.addEventListener("input", trace);
    document.getElementById("clear").addEventListener("click", () => {
      cut.value = "";
      cut.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  draw();
}

const place = document.getElementById("map");
if (place) choosing(place);
const form = document.getElementById("plan");
const assessed = document.getElementById("assessed");
// what was assessed is no longer what the form says
form?.addEventListener("input", () => assessed.replaceChildren());
document.getElementById("file")?.addEventListener("change", async ({ target }) => {
  document.getElementById("geojson").value = await target.files[0]?.text() ?? "";
});
document.addEventListener("htmx:after:swap", picture);
picture();
