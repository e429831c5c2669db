// The scripts that draw figures: Plotly is large, so it comes when the first figure does, and never sooner.

const SCRIPTS = ["static/plotly-cartesian.min.js", "static/chart.js"];

let loading = null;

/** What `chart.js` offers; throws where it cannot be had. A failed attempt may be tried again. */
export function plotting() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load() {
  for (const source of SCRIPTS) await script(source);
  return window.telemetrydCharts;
}

function script(source) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = source;
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => {
      element.remove();
      reject(new Error(`The script ${source} could not be loaded.`));
    });
    document.head.append(element);
  });
}
