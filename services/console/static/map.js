// The map: grids on one canvas, coloured by what is open in them, and the newest alerts as marks that a key can reach.
// What changes by the second stands in #now, which HTMX renews; the map follows it.
"use strict";
(() => {
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
      const icon = L.divIcon({ className: `pin severity-${item.dataset.severity}${fresh}`, iconSize: [14, 14] });
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
    const answer = await fetch(place.dataset.grids);
    if (!answer.ok) return;
    const ground = L.geoJSON(await answer.json(), {
      style: (feature) => style(feature.id),
      interactive: !still,
      onEachFeature: (feature, layer) => {
        named.set(feature.id, layer);
        layer.on("click", () => htmx.ajax("GET", `/map/grids/${feature.id}`, { target: "#grid", swap: "innerHTML" }));
      },
    }).addTo(map);
    if (!still) ground.bindTooltip(tell, { sticky: true });
    const fit = () => map.fitBounds(ground.getBounds(), { padding: [8, 8], animate: false });
    if (named.size) {
      fit();
      map.on("resize", fit);
    }
    place.dataset.drawn = named.size;
    renew();
    drawn = true;
    new MutationObserver(renew).observe(now, { subtree: true, childList: true, attributes: true });
  }

  map.setView([35, 105], 4);
  draw();
})();
