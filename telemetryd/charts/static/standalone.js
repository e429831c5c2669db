// The page of one chart: draws it, follows the theme of the system, and says how its clock differs from UTC.
"use strict";

(() => {
  const data = (id) => JSON.parse(document.getElementById(id).textContent);
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const { theme } = document.documentElement.dataset;
  const isDark = () => (theme ? theme === "dark" : system.matches);
  const chart = document.getElementById("chart");
  const templates = data("templates");

  const retheme = (name) => window.telemetrydCharts.retheme(chart, templates[name]);
  const asOnScreen = () => retheme(isDark() ? "dark" : "light");

  function clock() {
    const minutes = -new Date().getTimezoneOffset();
    if (!minutes) return "Times are UTC, as on this device.";
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    const much = `${hours} h${rest ? ` ${rest} min` : ""}`;
    return `Times are UTC. This device's clock is ${much} ${minutes > 0 ? "ahead" : "behind"}.`;
  }

  document.getElementById("clock").textContent = clock();
  window.telemetrydCharts
    .mount(chart, data("figure"), { dark: isDark(), templates, responsive: true, heading: false })
    .then(() => {
      system.addEventListener("change", asOnScreen);
      window.addEventListener("beforeprint", () => retheme("light"));
      window.addEventListener("afterprint", asOnScreen);
      document.documentElement.dataset.drawn = "yes";
    });
})();
