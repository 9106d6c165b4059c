"use strict";
(() => {
  const text = (row, column) => row.cells[column]?.dataset.sort ?? row.cells[column]?.textContent.trim() ?? "";
  const missing = (value) => value === "" || value === "n/a" || value === "nan";
  const compare = (a, b) => {
    const [x, y] = [a, b].map((value) => Number.parseFloat(value.replace("−", "-")));
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  };
  const sort = (table, column, up) => {
    const rows = [...table.tBodies[0].rows].map((row) => [text(row, column), row]);
    rows.sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      return (up ? 1 : -1) * compare(a, b);
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const up = header.getAttribute("aria-sort") !== "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", up ? "ascending" : "descending");
        sort(table, column, up);
      });
    });
  }
  for (const input of document.querySelectorAll("input[data-filters]")) {
    const table = document.getElementById(input.dataset.filters);
    const told = document.getElementById(`${input.dataset.filters}-count`);
    input.closest(".filtering").hidden = false;
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      const rows = [...table.tBodies[0].rows];
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      told.textContent = wanted ? `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown` : "";
    });
  }
  // A picture is taken away in the colours of paper, whatever the page shows.
  const paper = (svg) => {
    const copy = svg.cloneNode(true);
    copy.removeAttribute("aria-labelledby");
    const letters = document.createElementNS(svg.namespaceURI, "defs");
    for (const name of new Set([...copy.querySelectorAll("use")].map((use) => use.getAttribute("href")).filter(Boolean))) {
      letters.append(document.getElementById(name.slice(1)).cloneNode(true));
    }
    copy.prepend(letters);
    const light = new Map(JSON.parse(document.getElementById("paper-colours").textContent));
    return new XMLSerializer().serializeToString(copy).replaceAll(' href="#', ' xlink:href="#').replace(/var\((--f[0-9a-f]+)\)/g, (_, name) => light.get(name));
  };
  for (const link of document.querySelectorAll("a[data-picture]")) {
    link.addEventListener("click", (event) => {
      const svg = document.querySelector(`#${CSS.escape(link.dataset.picture)} svg`);
      if (!svg) return;
      event.preventDefault();
      const made = document.createElement("a");
      made.href = URL.createObjectURL(new Blob([paper(svg)], { type: "image/svg+xml" }));
      made.download = `${link.dataset.picture.replace(/^figure-/, "")}.svg`;
      made.click();
      setTimeout(() => URL.revokeObjectURL(made.href), 1000);
    });
  }
  for (const link of document.querySelectorAll("a[data-takes]")) {
    link.addEventListener("click", (event) => {
      const whole = document.querySelector(`#${CSS.escape(link.dataset.takes)} a[download]`);
      if (!whole) return;
      event.preventDefault();
      whole.click();
    });
  }
  // What can be scrolled sideways can be reached with the keyboard, and only that.
  const reachable = () => {
    for (const box of document.querySelectorAll(".scroll")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", reachable);
  document.addEventListener("toggle", reachable, true);
  reachable();
  const closed = new Set();
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.print:not([open])")) {
      closed.add(details);
      details.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
    closed.clear();
  });
  // A link to a claim that lies in a closed part opens it.
  const open = () => {
    const aim = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = aim && aim.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    if (aim) aim.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
})();
