// The map of one grid: its ground, those beside it, its buildings, and the ground of chosen periods of its past.
import { canvas, fit, load, swatch } from "/static/canvas.js";

const place = document.getElementById("map");
const map = canvas(place);
const [own, neighbour, building, period] = ["own", "neighbour", "building", "period"].map((id) =>
  swatch(document.getElementById(id)));
const styles = { grid: { ...own, weight: 3 }, neighbour, building: { ...building, weight: 1, fillOpacity: 1 } };
const chosen = new Map();
let history;

async function draw() {
  const found = await load(place.dataset.around);
  if (!found) return;
  const layer = L.geoJSON(found, {
    style: ({ properties }) => styles[properties.part],
    pointToLayer: (_, at) => L.circleMarker(at, { radius: 4 }),
    onEachFeature: ({ id, properties }, one) => {
      if (properties.part === "neighbour") one.on("click", () => { location.href = `/grids/${id}`; });
    },
  }).addTo(map);
  layer.bindTooltip(({ feature }) => feature.properties.name, { sticky: true });
  const whole = layer.getLayers().filter(({ feature }) => feature.properties.part === "grid");
  fit(map, L.featureGroup(whole).getBounds().pad(0.25));
  place.dataset.drawn = layer.getLayers().length;
}

async function choose({ target: box }) {
  chosen.get(box)?.remove();
  if (!box.checked) return;
  history ??= load(place.dataset.history);
  const found = await history;
  if (!found || !box.checked) return;
  const layer = L.geoJSON(found, { filter: ({ id }) => String(id) === box.dataset.period, style: { ...period, weight: 3 }, interactive: false });
  chosen.set(box, layer.addTo(map));
  place.dataset.period = box.dataset.period;
}

for (const box of document.querySelectorAll("[data-period]")) box.addEventListener("change", choose);
draw();
