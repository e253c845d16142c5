// What the pages need beside HTMX: a form is not sent twice, and can be sent again where its answer left it standing.
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
  if (!target.matches("form") || detail.ctx.hx?.redirect) return;
  for (const button of target.querySelectorAll("button")) button.disabled = false;
});
