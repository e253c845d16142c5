// What the pages need beside HTMX: a form is not sent twice, and charts are drawn in the colours of the style sheet.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post") {
    for (const button of form.querySelectorAll("button")) {
      // the pressed button's value must still go along
      setTimeout(() => { button.disabled = true; }, 0);
    }
  }
});

// a colour of the theme, by its variable, is known only where it is used
function colourOf(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
