// The map of one alert: where it is, in the ground of its grid.
import { canvas, fit, load, swatch } from "/static/canvas.js";

const place = document.getElementById("map");
const [own, neighbour] = ["own", "neighbour"].map((id) => swatch(document.getElementById(id)));
const at = place.dataset.at.split(",").map(Number);
const map = canvas(place);
const icon = L.divIcon({ className: `pin severity-${place.dataset.severity}`, iconSize: [18, 18] });
L.marker(at, { icon, keyboard: false, interactive: false }).addTo(map);
fit(map, L.latLng(at).toBounds(400));

async function draw() {
  const found = place.dataset.around && await load(place.dataset.around);
  if (found) {
    const style = ({ properties }) => (properties.part === "grid" ? { ...own, weight: 3, fill: false } : neighbour);
    const filter = ({ properties }) => properties.part !== "building";
    const layer = L.geoJSON(found, { filter, style }).addTo(map);
    layer.bindTooltip(({ feature }) => feature.properties.name, { sticky: true });
  }
  place.dataset.drawn = 1;
}

draw();
