"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = $("filters"), rows = all("details.row"), groups = all("#results details.group");
  const held = new Set(groups.filter((group) => !group.open));
  const texts = new WeakMap();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const chosen = (name) => all(`input[name=${name}]:checked`, form).map((box) => box.value);

  const state = () => ({
    status: chosen("status"), severity: chosen("severity"), section: form.elements.section.value,
    framework: form.elements.framework ? form.elements.framework.value : "",
    target: form.elements.target.value, q: form.elements.q.value.trim(),
  });
  const address = (now) => {
    const parts = new URLSearchParams();
    for (const [name, value] of Object.entries(now)) if (value.length) parts.set(name, String(value));
    return parts.toString();
  };
  const apply = () => {
    const now = state(), words = now.q.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const data = row.dataset;
      const fits = (!now.status.length || now.status.includes(data.status)) &&
        (!now.severity.length || now.severity.includes(data.severity)) &&
        (!now.section || now.section === data.section) && (!now.target || now.target === data.target) &&
        (!now.framework || (data.framework || "").split(" ").includes(now.framework)) &&
        words.every((word) => text(row).includes(word));
      row.classList.toggle("out", !fits);
      shown += fits;
    }
    // What was asked for is shown, also where it holds.
    const asked = Boolean(address(now));
    for (const group of groups) {
      group.classList.toggle("out", !group.querySelector("details.row:not(.out)"));
      group.open = asked || !held.has(group);
    }
    $("f-shown").value = `${shown} of ${rows.length}`;
    $("f-none").hidden = shown > 0;
    $("f-clear").disabled = !asked;
  };
  const remember = () => {
    const query = address(state());
    history.replaceState(null, "", query ? `#${query}` : location.pathname + location.search);
  };
  const restore = (query) => {
    const wanted = new URLSearchParams(query);
    for (const name of ["status", "severity"]) {
      const values = (wanted.get(name) || "").split(",");
      for (const box of all(`input[name=${name}]`, form)) box.checked = values.includes(box.value);
    }
    const fields = ["section", "framework", "target", "q"].filter((name) => form.elements[name]);
    for (const name of fields) form.elements[name].value = wanted.get(name) || "";
    for (const name of fields) if (form.elements[name].selectedIndex < 0) form.elements[name].selectedIndex = 0;
    apply();
  };
  const go = () => {
    const fragment = location.hash.slice(1);
    if (/^(status|severity|section|framework|target|q)=/.test(fragment)) {
      restore(fragment);
      $("results").scrollIntoView();
      return;
    }
    const place = fragment && $(fragment);
    if (!place) return;
    if (place.matches(".out")) restore("");
    for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    place.scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { apply(); remember(); });
  $("f-clear").addEventListener("click", () => { restore(""); remember(); form.elements.q.focus(); });
  $("f-fold").addEventListener("click", (event) => {
    const open = event.target.textContent === "Unfold all";
    for (const one of [...groups, ...rows]) if (!one.matches(".out")) one.open = open || groups.includes(one) && !held.has(one);
    event.target.textContent = open ? "Fold all" : "Unfold all";
  });
  for (const link of all("a[data-go-status]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.hash = new URLSearchParams({ status: link.dataset.goStatus, section: link.dataset.goSection }).toString();
    });
  }
  addEventListener("hashchange", go);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) go();
  });

  let folded = [];
  // The values of a reading stand once, in the register: they are shown where they are asked for.
  document.addEventListener("toggle", (event) => {
    const reading = event.target;
    const from = reading.open && !folded.length && reading.dataset.from && $(reading.dataset.from);
    if (!from) return;
    delete reading.dataset.from;
    reading.replaceChildren(reading.firstElementChild, ...[...from.children].slice(1).map((part) => part.cloneNode(true)));
  }, true);

  for (const block of all("pre.cmd")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const lines = all("span", block).map((line) => line.textContent).join("\n");
      try {
        await navigator.clipboard.writeText(lines);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(block);
        button.textContent = "Selected";
      }
    });
    block.append(button);
  }

  // Where the style sheet cannot unfold everything in print, this does.
  if (!CSS.supports("selector(details::details-content)")) {
    addEventListener("beforeprint", () => {
      folded = all("details:not([open])");
      for (const one of folded) one.open = true;
    });
    addEventListener("afterprint", () => {
      for (const one of folded) one.open = false;
      folded = [];
    });
  }

  const entries = new Map(all(".toc a").map((link) => [link.hash.slice(1), link.parentElement]));
  const seen = new Set();
  const watcher = new IntersectionObserver((changes) => {
    for (const change of changes) seen[change.isIntersecting ? "add" : "delete"](change.target.id);
    const first = [...entries.keys()].find((id) => seen.has(id));
    for (const [id, entry] of entries) entry.classList.toggle("here", id === first);
  }, { rootMargin: "-15% 0px -60% 0px" });
  for (const id of entries.keys()) watcher.observe($(id));

  apply();
  go();
})();
