// 导入: the chosen file goes up as it is, first as a dry run; the same file is then taken over under one key.
"use strict";
(() => {
  const form = document.getElementById("import");
  const result = document.getElementById("result");
  const running = document.getElementById("running");
  const progress = running.querySelector("progress");
  const types = JSON.parse(form.dataset.types);
  const placed = form.dataset.placed.split(" ");
  let busy = false;

  function refuse(text) {
    const told = document.createElement("p");
    told.className = "problem";
    told.role = "alert";
    told.textContent = text;
    result.replaceChildren(told);
  }

  function sent(path, file, headers) {
    return new Promise((arrived) => {
      const order = new XMLHttpRequest();
      order.open("POST", path);
      for (const [name, value] of Object.entries(headers)) order.setRequestHeader(name, value);
      order.upload.addEventListener("progress", ({ loaded, total }) => { progress.value = loaded / total; });
      // from here on nobody knows how long it takes
      order.upload.addEventListener("load", () => progress.removeAttribute("value"));
      order.addEventListener("loadend", () => arrived(order));
      order.send(file);
    });
  }

  async function send(headers, dry) {
    const file = form.elements.file.files[0];
    const type = types[file.name.split(".").pop().toLowerCase()];
    if (!type) return refuse(form.dataset.unknown);
    if (file.size > form.dataset.most) return refuse(form.dataset.large);
    if (busy) return;
    busy = true;
    running.hidden = false;
    for (const button of document.querySelectorAll("main button")) button.disabled = true;
    const kind = form.elements.kind.value;
    const query = new URLSearchParams({ dry_run: dry });
    if (placed.includes(kind)) query.set("datum", form.elements.datum.value);
    if (kind === form.dataset.catalog) query.set("platform", form.elements.platform.value);
    const told = { "HX-Request-Type": "partial", "Content-Type": type, ...headers };
    const answer = await sent(`/imports/${kind}?${query}`, file, told);
    busy = false;
    running.hidden = true;
    for (const button of document.querySelectorAll("main button")) button.disabled = false;
    const elsewhere = answer.getResponseHeader("HX-Redirect");
    if (elsewhere) location.href = elsewhere;
    else if (answer.responseText) result.innerHTML = answer.responseText;
    else refuse(form.dataset.away);
  }

  function download(button) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", document.getElementById("rejected").textContent], { type: "text/csv" }));
    link.download = button.dataset.name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send({}, true);
  });
  form.addEventListener("change", () => {
    const kind = form.elements.kind.value;
    document.getElementById("datum").hidden = !placed.includes(kind);
    document.getElementById("platform").hidden = kind !== form.dataset.catalog;
    form.elements.platform.required = kind === form.dataset.catalog;
    // what was found is true of another file
    result.replaceChildren();
  });
  result.addEventListener("click", ({ target }) => {
    if (target.id === "carry-out") send({ "Idempotency-Key": target.dataset.key }, false);
    if (target.id === "download") download(target);
  });
})();
