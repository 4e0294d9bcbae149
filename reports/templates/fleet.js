"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("filters"), rows = [...document.querySelectorAll(".matrix tbody tr")];
  const details = [...document.querySelectorAll("details.one")];
  const names = rows.map((row) => row.cells[0].textContent.toLowerCase());

  const apply = () => {
    const verdict = form.elements.verdict.value;
    const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, number) => {
      const fits = (!verdict || verdict === row.dataset.v) && words.every((word) => names[number].includes(word));
      row.classList.toggle("out", !fits);
      details[number].classList.toggle("out", !fits);
      shown += fits;
    });
    $("f-shown").value = `${shown} of ${rows.length}`;
  };
  const remember = () => {
    const parts = new URLSearchParams();
    for (const name of ["verdict", "q"]) if (form.elements[name].value) parts.set(name, form.elements[name].value);
    history.replaceState(null, "", String(parts) ? `#${parts}` : location.pathname + location.search);
  };
  const go = () => {
    const fragment = location.hash.slice(1);
    if (/^(verdict|q)=/.test(fragment)) {
      const wanted = new URLSearchParams(fragment);
      for (const name of ["verdict", "q"]) form.elements[name].value = wanted.get(name) || "";
      if (form.elements.verdict.selectedIndex < 0) form.elements.verdict.selectedIndex = 0;
      apply();
      return;
    }
    const place = fragment && $(fragment);
    if (!place) return;
    const one = place.closest("details");
    if (one) {
      one.open = true;
      if (one.matches(".out")) {
        form.reset();
        apply();
      }
    }
    place.scrollIntoView({ block: "center" });
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { apply(); remember(); });
  addEventListener("hashchange", go);
  go();
})();
