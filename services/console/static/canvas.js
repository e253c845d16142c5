// What all maps of the console have in common: one canvas, the city's tiles where there are any, colours of the theme.

// A map on this element. `still`: nobody touches it.
export function canvas(place, still = false) {
  const map = L.map(place, {
    renderer: L.canvas({ padding: 0.3 }),
    zoomSnap: 0,
    zoomDelta: 0.5,
    zoomControl: false,
    attributionControl: Boolean(place.dataset.tiles),
    scrollWheelZoom: !still,
  });
  if (!still) L.control.zoom({ zoomInTitle: place.dataset.nearer, zoomOutTitle: place.dataset.further }).addTo(map);
  if (place.dataset.tiles) L.tileLayer(place.dataset.tiles, { attribution: place.dataset.attribution }).addTo(map);
  return map.setView([35, 105], 4);
}

// Shows all of these bounds, also after the map has another size.
export function fit(map, bounds) {
  if (!bounds.isValid()) return;
  const show = () => map.fitBounds(bounds, { padding: [8, 8], animate: false, maxZoom: 18 });
  map.on("resize", show);
  show();
}

// GeoJSON that the console answers with; null where it refuses.
export async function load(path) {
  const answer = await fetch(path);
  return answer.ok ? answer.json() : null;
}

// How a canvas draws what a swatch of the page stands for: its colours are those of the theme.
export function swatch(place) {
  const { backgroundColor, borderTopColor, borderTopStyle } = getComputedStyle(place);
  const dashes = { dashed: "6 4", dotted: "2 4" };
  const fill = backgroundColor !== "rgba(0, 0, 0, 0)";
  return { color: borderTopColor, weight: fill ? 1 : 2, dashArray: dashes[borderTopStyle], fill, fillColor: backgroundColor, fillOpacity: 0.75 };
}
