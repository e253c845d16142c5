// The map of 待绑定: a click fills in the place, a place that is written moves the pin.
import { canvas, fit, load, swatch } from "/static/canvas.js";

const place = document.getElementById("map");
const { longitude, latitude } = document.getElementById("bind").elements;
const map = canvas(place);
const icon = L.divIcon({ className: "pin severity-1", iconSize: [14, 14] });
let pin;

function mark(at) {
  pin ??= L.marker(at, { icon, keyboard: false }).addTo(map);
  pin.setLatLng(at);
}

function follow() {
  const [east, north] = [longitude, latitude].map(({ value }) => (value.trim() ? Number(value) : NaN));
  if (!(Math.abs(east) <= 180 && Math.abs(north) <= 90)) return;
  mark([north, east]);
  map.panTo([north, east]);
}

map.on("click", ({ latlng }) => {
  longitude.value = latlng.lng.toFixed(6);
  latitude.value = latlng.lat.toFixed(6);
  mark(latlng);
});
for (const field of [longitude, latitude]) field.addEventListener("change", follow);
const ground = await load("/map/grids.json");
if (ground) {
  const layer = L.geoJSON(ground, { style: swatch(document.getElementById("ground")), interactive: false }).addTo(map);
  fit(map, layer.getBounds());
}
place.dataset.drawn = ground ? ground.features.length : 0;
