// The map: grids on one canvas, coloured by what is open in them, and the newest alerts as marks that a key can reach.
// What changes by the second stands in #now, which HTMX renews; the map follows it.
import { canvas, fit, load } from "/static/canvas.js";

const place = document.getElementById("map");
const now = document.getElementById("now");
// the legend is the palette: its colours are those of the theme
const swatches = [...document.querySelectorAll("#legend .heat")];
const palette = swatches.map((swatch) => getComputedStyle(swatch).backgroundColor);
const line = getComputedStyle(swatches[0]).borderTopColor;
const still = document.body.classList.contains("wall");
const named = new Map();
const marks = new Map();
let counts = {};
let told = "";
let drawn = false;

const map = canvas(place, still);

const step = (count) => (count >= 8 ? 4 : count >= 4 ? 3 : count >= 2 ? 2 : count >= 1 ? 1 : 0);
const style = (code) => {
  const heat = step(counts[code] ?? 0);
  return { color: line, weight: 0.8, fillColor: palette[heat], fillOpacity: place.dataset.tiles && !heat ? 0.15 : 0.9 };
};

function recolour() {
  const said = document.getElementById("counts").dataset.counts;
  if (said === told) return;
  const before = counts;
  counts = JSON.parse(said);
  told = said;
  for (const code of new Set([...Object.keys(before), ...Object.keys(counts)])) {
    if (before[code] !== counts[code]) named.get(code)?.setStyle(style(code));
  }
}

function mark() {
  const seen = new Set();
  for (const item of document.querySelectorAll("#newest [data-at]")) {
    seen.add(item.id);
    if (marks.has(item.id)) continue;
    const link = item.querySelector("a");
    const fresh = drawn ? " fresh" : "";
    const icon = L.divIcon({ className: `pin severity-${item.dataset.severity}${fresh}`, iconSize: [18, 18] });
    const at = item.dataset.at.split(",").map(Number);
    const pin = L.marker(at, { icon, title: link.textContent, keyboard: !still, interactive: !still }).addTo(map);
    const open = () => { location.href = link.href; };
    pin.on("click", open).on("keypress", ({ originalEvent }) => { if (originalEvent.key === "Enter") open(); });
    marks.set(item.id, pin);
  }
  for (const [id, pin] of marks) {
    if (!seen.has(id)) {
      pin.remove();
      marks.delete(id);
    }
  }
}

function renew() {
  recolour();
  mark();
}

function tell(layer) {
  const { id, properties } = layer.feature;
  return `${properties.name} · ${place.dataset.open} ${counts[id] ?? 0}`;
}

async function draw() {
  const grids = await load(place.dataset.grids);
  if (!grids) return;
  const ground = L.geoJSON(grids, {
    style: (feature) => style(feature.id),
    interactive: !still,
    onEachFeature: (feature, layer) => {
      named.set(feature.id, layer);
      layer.on("click", () => htmx.ajax("GET", `/map/grids/${feature.id}`, { target: "#grid", swap: "innerHTML" }));
    },
  }).addTo(map);
  if (!still) ground.bindTooltip(tell, { sticky: true });
  fit(map, ground.getBounds());
  place.dataset.drawn = named.size;
  renew();
  drawn = true;
  new MutationObserver(renew).observe(now, { subtree: true, childList: true, attributes: true });
}

draw();
