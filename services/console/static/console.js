// What the pages need beside HTMX: a form is not sent twice, and a part that was replaced is told to screen readers.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post") {
    for (const button of form.querySelectorAll("button")) {
      // the pressed button's value must still go along
      setTimeout(() => { button.disabled = true; }, 0);
    }
  }
});
