"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("filters"), matrix = document.querySelector(".matrix"), region = document.querySelector(".matrix-of");
  const rows = [...matrix.tBodies[0].rows], heads = [...matrix.querySelectorAll("thead .q")];
  const details = [...document.querySelectorAll("details.one")];
  const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const FIELDS = ["q", "verdict", "requirement", "status", "severity", "scope"];
  const STATUS = { x: "non_compliant", i: "inconclusive", b: "blocked", w: "waived", c: "compliant", a: "not_applicable" };
  const words = Object.fromEntries([...form.elements.status.options].map((option) => [option.value, option.text.toLowerCase()]));
  const status = (cell) => STATUS[(cell.firstElementChild || cell).className] || "";
  const hidden = new CSSStyleSheet();
  document.adoptedStyleSheets = [hidden];

  const state = () => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()]));
  const address = (now) => {
    const parts = new URLSearchParams();
    for (const name of FIELDS) if (now[name]) parts.set(name, now[name]);
    return parts.toString();
  };
  const apply = () => {
    const now = state(), wanted = now.q.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = heads.map((head) => (!now.requirement || head.textContent === now.requirement) &&
      (!now.severity || head.dataset.severity === now.severity) && (!now.scope || head.dataset.scope === now.scope));
    const out = shown.flatMap((fits, number) => fits ? [] : [`.matrix tr:not(:first-child) > :nth-child(${number + 2}), .matrix tbody > tr > :nth-child(${number + 2})`]);
    const narrowed = out.length > 0;
    hidden.replaceSync(narrowed ? `${out.join(",")}, .matrix thead tr:first-child { display: none; }` : "");
    let count = 0;
    rows.forEach((row, number) => {
      let fits = (!now.verdict || now.verdict === row.dataset.v) && wanted.every((word) => names[number].includes(word));
      if (fits && (now.status || now.requirement)) {
        const cells = row.cells;
        fits = shown.some((seen, place) => {
          const found = seen && status(cells[place + 1]);
          return found && (!now.status || found === now.status);
        });
      }
      row.classList.toggle("out", !fits);
      details[number].classList.toggle("out", !fits);
      count += fits;
    });
    $("f-shown").value = `${count} of ${rows.length} targets`;
    $("f-clear").disabled = !address(now);
  };
  // What is typed changes the address in place; what is chosen is a step that Back undoes.
  const remember = (step) => {
    const query = address(state()), there = query ? `#${query}` : location.pathname + location.search;
    if (step) history.pushState(null, "", there); else history.replaceState(null, "", there);
  };
  const restore = (query) => {
    const wanted = new URLSearchParams(query);
    for (const name of FIELDS) {
      form.elements[name].value = wanted.get(name) || "";
      if (form.elements[name].selectedIndex < 0) form.elements[name].selectedIndex = 0;
    }
    apply();
  };
  const land = (place) => {
    const show = () => place.scrollIntoView({ block: place.offsetHeight > innerHeight / 2 ? "start" : "center" });
    show();
    // What lies between was not laid out before it was passed: only now is it known how high it is.
    requestAnimationFrame(() => requestAnimationFrame(show));
  };
  const go = () => {
    const fragment = location.hash.slice(1);
    if (!fragment || new RegExp(`^(${FIELDS.join("|")})=`).test(fragment)) {
      restore(fragment);
      return;
    }
    const place = $(fragment);
    if (!place) return;
    const one = place.closest("details");
    if (one) {
      one.open = true;
      if (one.matches(".out")) {
        form.reset();
        apply();
      }
    }
    land(place);
  };

  // The matrix is one tab stop; in it arrow keys lead from cell to cell.
  const links = () => matrix.querySelectorAll("a");
  const label = (cell) => {
    const spoken = cell.firstElementChild || cell;
    if (!status(cell) || spoken.title) return;
    const text = `${cell.parentElement.cells[0].textContent.trim()}, ${heads[cell.cellIndex - 1].textContent}: ${words[status(cell)]}`;
    spoken.setAttribute("aria-label", text);
    spoken.title = text;
  };
  const quiet = (from = 0) => {
    const all = links(), to = Math.min(from + 4000, all.length);
    for (let number = from; number < to; number++) all[number].tabIndex = -1;
    if (to < all.length) setTimeout(quiet, 0, to);
  };
  const seen = (cell) => cell && (cell.className || cell.firstElementChild) && cell.checkVisibility();
  const step = (cell, across, down) => {
    const all = [...matrix.rows].slice(1);
    let row = all.indexOf(cell.parentElement), column = cell.cellIndex;
    for (;;) {
      row += down;
      column += across;
      if (row < 0 || column < 0 || row >= all.length || column >= all[row].cells.length) return null;
      if (!all[row].classList.contains("out") && seen(all[row].cells[column])) return all[row].cells[column];
    }
  };
  const MOVES = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  region.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
    const cell = event.target.closest("td, th");
    const next = cell ? step(cell, ...move) : rows.filter((row) => !row.classList.contains("out")).map((row) => row.cells[0])[0];
    if (!next) return;
    event.preventDefault();
    const place = next.firstElementChild || next;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  for (const kind of ["focusin", "pointerover"]) {
    region.addEventListener(kind, (event) => {
      const cell = event.target.closest("tbody td");
      if (cell) label(cell);
    });
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => { apply(); remember(event.target.tagName === "SELECT"); });
  $("f-clear").addEventListener("click", () => { form.reset(); apply(); remember(true); });
  for (const cause of document.querySelectorAll("details[data-go]")) {
    cause.addEventListener("toggle", () => {
      if (!cause.open) return;
      restore(cause.dataset.go);
      remember(true);
    });
  }
  addEventListener("hashchange", go);
  addEventListener("popstate", go);
  go();
  setTimeout(quiet, 200);
})();
