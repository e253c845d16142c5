// The map of 网格: a layer for each box that is checked, each of them fetched when it is first wanted.
import { canvas, fit, load, swatch } from "/static/canvas.js";

const place = document.getElementById("map");
const boxes = [...document.querySelectorAll(".layers input")];
const rows = [...document.querySelectorAll("[data-grid]")];
const named = new Map();
const loaded = new Map();
const shown = new Map();
const turns = new Map();
const crowded = new Set();
const map = canvas(place);

const wanted = ({ state, large }) => ({ properties }) =>
  (!state || properties.state === state) && (!large || properties.large);

function source(box) {
  const path = box.dataset.source;
  if (box.dataset.within) return load(`${path}?bbox=${map.getBounds().toBBoxString()}`);
  if (!loaded.has(path)) loaded.set(path, load(path));
  return loaded.get(path);
}

function opened({ feature }) {
  if (/^\d{15}$/.test(feature.id)) location.href = `/grids/${feature.id}`;
}

async function draw(box) {
  const turn = (turns.get(box) ?? 0) + 1;
  turns.set(box, turn);
  const found = await source(box);
  // something newer was asked for meanwhile
  if (turns.get(box) !== turn) return;
  shown.get(box)?.remove();
  crowded.delete(box);
  if (box.checked && found) add(box, found);
  document.getElementById("more").hidden = !crowded.size;
}

function add(box, found) {
  const style = swatch(box.nextElementSibling);
  const layer = L.geoJSON(found, {
    filter: wanted(box.dataset),
    style: ({ geometry }) => (geometry.type === "Point" ? { ...style, weight: 1, fillOpacity: 1 } : style),
    pointToLayer: (_, at) => L.circleMarker(at, { radius: 4 }),
    onEachFeature: (feature, one) => named.set(feature.id, one),
  });
  layer.bindTooltip((one) => one.feature.properties.name, { sticky: true }).on("click", ({ layer: one }) => opened(one));
  shown.set(box, layer.addTo(map));
  if (found.more) crowded.add(box);
  place.dataset.drawn = named.size;
}

function look() {
  const chosen = place.dataset.near ? rows.map((row) => named.get(row.dataset.grid)).filter(Boolean) : [...named.values()];
  const located = document.getElementById("located")?.dataset.at?.split(",").map(Number);
  if (located) {
    const icon = L.divIcon({ className: "pin severity-1", iconSize: [14, 14] });
    L.marker(located, { icon, keyboard: false, title: located.join(", ") }).addTo(map);
    fit(map, L.latLng(located).toBounds(1200));
  } else {
    fit(map, L.featureGroup(chosen).getBounds());
  }
}

// what a person looks at in the list stands out on the map
function mark(row, on) {
  const layer = named.get(row.dataset.grid);
  if (!layer) return;
  layer.setStyle({ weight: on ? 5 : 1 });
  if (on) layer.bringToFront();
}

for (const row of rows) {
  for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]]) {
    row.addEventListener(event, () => mark(row, on));
  }
}
for (const box of boxes) box.addEventListener("change", () => draw(box));
await Promise.all(boxes.filter((box) => box.checked).map(draw));
look();
map.on("moveend", () => boxes.filter((box) => box.checked && box.dataset.within).forEach(draw));
