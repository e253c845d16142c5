// What the pages need beside HTMX: a form is not sent twice while it is being answered, and charts are drawn in the
// colours of the style sheet.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post") {
    for (const button of form.querySelectorAll("button")) {
      // the pressed button's value must still go along
      setTimeout(() => { button.disabled = true; }, 0);
    }
  }
});
document.addEventListener("htmx:finally:request", ({ target, detail }) => {
  if (!(target instanceof HTMLFormElement) || detail.ctx.hx?.redirect) return;
  for (const button of target.querySelectorAll("button")) button.disabled = false;
});

// a colour of the theme, by its variable, is known only where it is used
function colourOf(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
