// What a report can do beyond standing there: charts that zoom together, tables that sort.
"use strict";

(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const data = (id) => JSON.parse(document.getElementById(id).textContent);

  // The chart in place of its picture; the picture stays where it cannot be drawn.
  async function mount(figure, templates) {
    const plot = document.createElement("div");
    const shown = figure.querySelector("img");
    plot.className = "plot";
    plot.setAttribute("role", "group"); // it has buttons inside
    plot.setAttribute("aria-label", shown ? shown.alt : figure.querySelector(".words").textContent);
    figure.append(plot);
    figure.classList.add("live");
    try {
      await window.telemetrydCharts.mount(plot, data(figure.dataset.figure), {
        dark: dark.matches,
        templates,
        responsive: true,
        heading: false,
      });
      return plot;
    } catch (error) {
      console.warn("a chart cannot be drawn", figure.id, error);
      figure.classList.remove("live");
      plot.remove();
      return null;
    }
  }

  async function mountAll() {
    if (!window.telemetrydCharts) return;
    const templates = data("chart-templates");
    const plots = [];
    for (const figure of document.querySelectorAll("figure[data-figure]")) {
      const plot = await mount(figure, templates);
      if (plot) plots.push(plot);
    }
    window.telemetrydCharts.link(plots);
    const retheme = (name) => plots.forEach((plot) => window.telemetrydCharts.retheme(plot, templates[name]));
    const asOnScreen = () => retheme(dark.matches ? "dark" : "light");
    dark.addEventListener("change", asOnScreen);
    window.addEventListener("beforeprint", () => retheme("light"));
    window.addEventListener("afterprint", asOnScreen);
    document.documentElement.dataset.charts = plots.length;
  }

  // A number where the cell says it is one; what is absent comes last, whichever way.
  function keyOf(row, column) {
    const cell = row.cells[column];
    if (cell.dataset.order !== undefined) return Number(cell.dataset.order);
    const text = cell.textContent.trim();
    return text === "–" ? null : text;
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), undefined, { numeric: true });
  }

  function sort(table, column, descending) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [keyOf(row, column), row]);
    rows.sort(([one], [other]) => {
      if (one === null || other === null) return (one === null) - (other === null);
      return descending ? compare(other, one) : compare(one, other);
    });
    body.append(...rows.map(([, row]) => row));
  }

  function sortable(table) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const before = heading.getAttribute("aria-sort");
        // The largest number is what one looks for first, and the first name.
        const descending = before ? before === "ascending" : heading.className === "number";
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, descending);
      });
    });
  }

  document.querySelectorAll("table").forEach(sortable);
  mountAll();
})();
