// Light or dark, decided before anything is painted: a classic script that blocks, for that reason alone.
// preferences.js changes it later.
(() => {
  let wish = null;
  try {
    wish = localStorage.getItem("telemetryd.theme");
  } catch {
    // No storage: the system's theme is all there is.
  }
  const dark = wish === "dark" || (wish !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
