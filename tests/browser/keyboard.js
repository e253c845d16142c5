// What a person meets who has only a keyboard. `walk` notes each stop; `missed` are those of the page that never were one.
window.keyboard = (() => {
  const main = document.getElementById("main");
  const stops = new Set();
  const unseen = [];
  const named = (one) => one.outerHTML.slice(0, 160);
  const told = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  const scrolls = (one) =>
    one.scrollWidth > one.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(one).overflowX);
  const usable = (one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0;
  const reached = (one) =>
    stops.has(one) || (one.type === "radio" && [...stops].some((stop) => stop.type === "radio" && stop.name === one.name));
  return {
    note() {
      const one = document.activeElement;
      if (!main.contains(one)) return false;
      const style = getComputedStyle(one);
      if (!stops.has(one) && style.outlineStyle === "none" && style.boxShadow === "none") unseen.push(named(one));
      stops.add(one);
      return true;
    },
    unseen: () => unseen,
    missed() {
      const controls = [...main.querySelectorAll(told)].filter((one) => usable(one) && !reached(one));
      const regions = [...main.querySelectorAll("*")].filter(
        (one) => scrolls(one) && ![...stops].some((stop) => stop === one || stop.contains(one) || one.contains(stop)),
      );
      return [...controls, ...regions].map(named);
    },
  };
})();
